"""`toolbox template`: strict, sandboxed, and every mistake at its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from kops_pulumi.errors import KopsError
from kops_pulumi.templating import strvals


@pytest.fixture
def render(cli, tmp_path):
    """Render one template text with options."""

    def run(text: str, *options: str | Path):
        (tmp_path / "t.yaml").write_text(text)
        return cli("toolbox", "template", "--template", "t.yaml", *options)

    return run


def test_values_of_files_folders_and_flags_lie_over_each_other(render, tmp_path):
    folder = tmp_path / "values"
    folder.mkdir()
    (folder / "a.yaml").write_text("size: {min: 1, max: 2}\nzones: [a, b]\n")
    (folder / "b.json").write_text('{"size": {"max": 3}, "zones": ["c"]}')
    (tmp_path / "c.yaml").write_text("version: 1.30\n")
    result = render(
        "{{ size.min }}-{{ size.max }} {{ zones | join(',') }} {{ x.y[1] }} {{ n | to_json }}\n",
        "--values",
        "values,c.yaml",
        "--set",
        "x.y={1,two},size.min=0",
        "--set-string",
        "n=7",
    )
    assert (result.code, result.out) == (0, '0-3 c two "7"\n')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1", {"a": 1}),
        ("a.b=c,d=e", {"a": {"b": "c"}, "d": "e"}),
        ("l={x, y ,3}", {"l": ["x", "y", 3]}),
        ("l={}", {"l": []}),
        ("l[0].name=z,l[1].name=w", {"l": [{"name": "z"}, {"name": "w"}]}),
        ("l[2]=z", {"l": [None, None, "z"]}),
        ("l[0][1]=z", {"l": [[None, "z"]]}),
        (r"a\.b=c\,d", {"a.b": "c,d"}),
        ("a=true,b=FALSE,c=0,d=007,e=-5,f=1.5", {"a": True, "b": False, "c": 0, "d": "007", "e": -5, "f": "1.5"}),
        ("a=", {"a": ""}),
        ("a=x=y", {"a": "x=y"}),
        ("a.b=null", {"a": {}}),
    ],
)
def test_settings_are_read_as_helm_reads_them(text, expected):
    assert strvals.assign({}, text) == expected


@pytest.mark.parametrize(
    "text", ["a", "=1", "a..b=1", "a[x]=1", "a[-1]=1", "a[99999999999]=1", "l={a", "l={a}b", "a[0=1"]
)
def test_settings_that_are_none_are_refused(text):
    with pytest.raises(KopsError) as caught:
        strvals.assign({}, text)
    assert text in str(caught.value)


def test_settings_change_only_their_own_place():
    data = {"a": {"b": [1, {"c": 2}], "d": 3}}
    assert strvals.assign(data, "a.b[1].c=5") == {"a": {"b": [1, {"c": 5}], "d": 3}}
    assert strvals.assign(data, "a.b=null") == {"a": {"d": 3}}
    assert data == {"a": {"b": [1, {"c": 2}], "d": 3}}


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("a\n{{ nope }}\n", "t.yaml:2:1", "'nope' is undefined"),
        ("{{ values.nope }}", "t.yaml:1:1", "nope"),
        ("a\nb\n{% if %}", "t.yaml:3:1", "xpected"),
        ("\n{{ 1 / 0 }}", "t.yaml:2:1", "division"),
        ("{{ 'a' | nofilter }}", "t.yaml:1:1", "nofilter"),
        ("{{ ''.__class__.__mro__ }}", "t.yaml:1:1", "unsafe"),
        ("{{ 'x' * 10**9 }}", "t.yaml:1:1", "too"),
        ("{% for i in range(1000000000) %}x{% endfor %}", "t.yaml:1:1", "ange"),
        ("{% set l = [] %}\n{{ l.append(1) }}", "t.yaml:2:1", "unsafe"),
        ("{{ required(none, 'say which') }}", "t.yaml:1:1", "say which"),
        ("{{ include('nope') }}", "t.yaml:1:1", "no snippet 'nope'"),
        ("{{ subnet('10.0.0.0/16', 3, 9) }}", "t.yaml:1:1", "no part 9"),
        ("{{ recommended_upgrade('x') }}", "t.yaml:1:1", "no version"),
        ("{{ recommended_image('azure') }}", "t.yaml:1:1", "no cloud"),
        ("{{ 'a: [' | from_yaml }}", "t.yaml:1:1", "no YAML"),
        ("{{ cycler | to_json }}", "t.yaml:1:1", "cannot be written"),
    ],
)
def test_mistakes_have_a_place_and_no_traceback(render, text, place, said):
    result = render(text)
    assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1)
    assert result.err.startswith(f"{place}: ")
    assert said in result.err


def test_a_mistake_in_a_snippet_is_told_there(render, tmp_path):
    (tmp_path / "s.yaml").write_text("a\n{{ nope }}\n")
    assert render("\n{{ include('s.yaml') }}", "--snippets", "s.yaml").err.startswith("s.yaml:2:1: ")
    (tmp_path / "s.yaml").write_text("{{ include('s.yaml') }}")
    assert "never ends" in render("{{ include('s.yaml') }}", "--snippets", "s.yaml").err


def test_snippets_get_the_values_or_those_given(render, tmp_path):
    (tmp_path / "snippets").mkdir()
    (tmp_path / "snippets" / "s.yaml").write_text("x: {{ x }}\ny: [1]")
    text = "a:\n{{ include('s.yaml') | lead(2) }}\nb: {{ include('s.yaml', {'x': 2}) | nindent(2) }}\n"
    result = render(text, "--snippets", "snippets", "--set", "x=1")
    assert yaml.safe_load(result.out) == {"a": {"x": 1, "y": [1]}, "b": {"x": 2, "y": [1]}}


def test_helpers(render):
    text = (
        "{{ clusterName }} {{ 'a' | quote }} {{ true | quote }} {{ \"it's\" | squote }}"
        " {{ 'x' | b64encode | b64decode }}"
        " {{ subnet('10.0.0.0/16', 3, 1) }} {{ 1 | ternary('y', 'n') }} {{ missing | default('d') }}"
        " {{ {'a': [1]} | to_json }} {{ ('a: 1' | from_yaml).a }}"
    )
    result = render(text, "--name", "c.example.com")
    assert result.out == ('c.example.com "a" "true" \'it\'\'s\' x 10.0.32.0/19 y d {"a": [1]} 1\n')


def test_channel_helpers_under_both_names(render):
    text = (
        "{{ recommended_kubernetes_version() }} {{ ChannelRecommendedKopsKubernetesVersion('1.35.2') }} "
        "{{ recommended_upgrade('1.35.2') }} {{ ChannelRecommendedKubernetesUpgradeVersion('1.37.1') }} "
        "{{ ChannelRecommendedImage('aws', '1.36.0', 'arm64') }}"
    )
    first, second, third, fourth, image = render(text).out.split()
    assert (first, second, third, fourth) == ("1.37.0", "1.35.2", "1.36.0", "1.37.1")
    assert "arm64" in image
    assert render("x", "--channel", "beta").code == 64


def test_missing_values_may_be_let_through(render):
    assert render("{{ a.b }}", "--fail-on-missing=false").out == "<no value>\n"
    assert render("{{ a.b }}", "--no-fail-on-missing").out == "<no value>\n"


def test_one_value_instead_of_a_text(cli):
    assert cli("toolbox", "template", "--set", "a.b=x", "--config-value", "a.b").out == "x\n"
    assert json.loads(cli("toolbox", "template", "--set", "a.b={1}", "--config-value", "a").out) == {"b": [1]}
    result = cli("toolbox", "template", "--set", "a.b=x", "--config-value", "a.c")
    assert (result.code, "there are: b" in result.err) == (2, True)


def test_formatted_and_written_to_a_file(render, tmp_path):
    text = "apiVersion: kops.k8s.io/v1alpha2\nkind:   Cluster\nspec: {kubernetesVersion: 1.30}\n"
    result = render(text, "--format-yaml", "--output", "out.yaml")
    assert (result.code, result.out) == (0, "")
    assert (tmp_path / "out.yaml").read_text().splitlines()[1:] == [
        "kind: Cluster",
        "spec:",
        '  kubernetesVersion: "1.30"',
    ]
    assert render("a: [", "--format-yaml").code == 2


def test_what_is_rendered_can_be_registered(cli, stored, tmp_path):
    text = (stored / "new.example.com" / "cluster.yaml").read_text().replace("new.example.com", "{{ clusterName }}")
    (tmp_path / "t.yaml").write_text(
        text.replace("maxSize: 1", "maxSize: {{ size }}").replace("minSize: 1", "minSize: 1")
    )
    assert (
        cli("toolbox", "template", "two.example.com", "--template", "t.yaml", "--set", "size=1", "--out", "c.yaml").code
        == 0
    )
    assert cli("create", "-f", "c.yaml").code == 0
    assert "two.example.com" in cli("get", "clusters").out


def test_files_that_are_not_there(cli, tmp_path):
    assert cli("toolbox", "template", "--template", "no.yaml").code == 3
    assert cli("toolbox", "template").code == 64
    (tmp_path / "v.yaml").write_text("a: [")
    (tmp_path / "t.yaml").write_text("x")
    assert cli("toolbox", "template", "--template", "t.yaml", "--values", "v.yaml").code == 2

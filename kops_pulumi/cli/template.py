"""`toolbox template`: manifests from Jinja2 templates; text in, text out, nothing is contacted."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from kops_pulumi.cli.create import COMMA
from kops_pulumi.cli.output import as_json
from kops_pulumi.cli.target import cluster_name, complete_names
from kops_pulumi.errors import ManifestError, errors_in

_CHANNELS = ("stable", "alpha")


@click.command()
@click.argument("cluster", required=False, metavar="[CLUSTER]", shell_complete=complete_names)
@click.option("--name", metavar="CLUSTER", help="The same, as an option: `clusterName` in templates.")
@click.option("--template", "templates", type=COMMA, multiple=True, help="Templates: files or folders; repeatable.")
@click.option("--snippets", type=COMMA, multiple=True, help="Snippets for `include`, by their file name; repeatable.")
@click.option("--values", type=COMMA, multiple=True, help="YAML or JSON of values, later over earlier; repeatable.")
@click.option("--set", "sets", multiple=True, metavar="K=V,…", help="Values in Helm's syntax: a.b=c, l={x,y}, l[0]=z.")
@click.option("--set-string", "strings", multiple=True, metavar="K=V,…", help="The same, every value as text.")
@click.option(
    "--fail-on-missing/--no-fail-on-missing",
    default=True,
    show_default=True,
    help="Refuse values that are not there; without, they become `<no value>`.",
)
@click.option("--format-yaml", is_flag=True, help="Read what comes out as YAML, and write it anew.")
@click.option("--out", "--output", "out", type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@click.option("--config-value", metavar="PATH", help="Print this one value instead of rendering.")
@click.option(
    "--channel", default="stable", show_default=True, help="stable or alpha: both are the tables shipped here."
)
@click.pass_context
def template(
    ctx: click.Context,
    cluster: str | None,
    name: str | None,
    templates: tuple[tuple[str, ...], ...],
    snippets: tuple[tuple[str, ...], ...],
    values: tuple[tuple[str, ...], ...],
    sets: tuple[str, ...],
    strings: tuple[str, ...],
    fail_on_missing: bool,
    format_yaml: bool,
    out: Path | None,
    config_value: str | None,
    channel: str,
) -> None:
    """Render manifests from Jinja2 templates.

    Strict: a value that is not there is a mistake, told with file and line. Sandboxed: a template reaches values,
    snippets and its functions, no file and no command. docs/cli/template.md maps kops's Go templates to these.

    \b
      kops-pulumi toolbox template --template t.yaml --values prod.yaml --set nodes=5 | kops-pulumi replace --force -f -
    """
    if channel not in _CHANNELS:
        raise click.UsageError(
            f"there is no channel {channel!r}: versions and images are shipped with kops-pulumi", ctx
        )
    context = _values(_paths(values), sets, strings)
    if given := cluster_name(ctx, cluster, name):
        context = {"clusterName": given, **context}
    if config_value:
        from kops_pulumi.templating.values import looked_up

        found = looked_up(context, config_value)
        click.echo(found if isinstance(found, str) else as_json(found))
        return
    if not templates:
        raise click.UsageError("which templates? give them with --template FILE", ctx)
    text = _rendered(context, _paths(templates), _paths(snippets), fail_on_missing=fail_on_missing)
    if format_yaml:
        text = _formatted(text)
    if out:
        from kops_pulumi.store import replace_files

        replace_files({out: text})
        click.echo(f"wrote {out}", err=True)
    else:
        click.echo(text, nl=False)


def _paths(given: Iterable[Iterable[str]]) -> list[Path]:
    return [Path(path) for group in given for path in group]


def _values(files: list[Path], sets: tuple[str, ...], strings: tuple[str, ...]) -> dict[str, Any]:
    from kops_pulumi.templating import read_values, strvals

    found = read_values(files)
    for text in sets:
        found = strvals.assign(found, text)
    for text in strings:
        found = strvals.assign(found, text, literal=True)
    return found


def _rendered(context: dict[str, Any], templates: list[Path], snippets: list[Path], *, fail_on_missing: bool) -> str:
    """All templates one after the other, each with its marker."""
    from kops_pulumi.store import read_text
    from kops_pulumi.templating import Renderer
    from kops_pulumi.templating.values import expanded

    known = {path.name: (path, read_text(path)) for path in expanded(snippets)}
    renderer = Renderer(context, known, fail_on_missing=fail_on_missing)
    texts = [renderer.render(path, read_text(path)) for path in expanded(templates)]
    return "---\n".join(text if text.endswith("\n") else f"{text}\n" for text in texts)


def _formatted(text: str) -> str:
    from kops_pulumi import manifest
    from kops_pulumi.spec.written import as_written

    loaded = manifest.loads(text, "rendered")
    if errors := errors_in(loaded.findings):
        raise ManifestError(errors)
    return manifest.dump_all(as_written(document) for document in loaded.documents)

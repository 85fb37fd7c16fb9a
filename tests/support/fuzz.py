"""Mutated manifests and command lines, and what must hold of each: no traceback, and what is refused changes nothing.

Used by a sample in the tests and by `tools/fuzz.py`, which runs them by the hundred thousand. Commands run inside this
process, in a directory of their own and without an engine: everything up to the engine is ours.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import click
import yaml
from hypothesis import strategies as st

from kops_pulumi import manifest, pipeline, spec, starter
from kops_pulumi.cli import app, main
from kops_pulumi.cli.lazy import LazyGroup
from kops_pulumi.errors import ExitCode, KopsError
from kops_pulumi.starter import Wishes
from tests.support.mutations import CHANGES, mutated

ROOT = Path(__file__).resolve().parents[2]
NAME = "fuzz.example.com"
BROKEN = "this is a mistake in"
"""What `cli.app` says when something was raised that is none of our errors."""

_CUTS = st.lists(
    st.tuples(st.integers(0, 100_000), st.sampled_from(["drop", "twice", "cut", "put", "swap", "indent"])),
    min_size=1,
    max_size=4,
)
_BITS = (
    "'",
    '"',
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "&a ",
    "*a",
    "!!str ",
    "|",
    "\t",
    "\x00",
    "é",
    "---\n",
    "null",
    "1e400",
    "%",
    "#",
)
MANIFESTS = st.one_of(
    st.tuples(st.just("values"), st.integers(0, 100), CHANGES),
    st.tuples(st.just("text"), st.integers(0, 100), _CUTS),
)
"""How a manifest is broken: what its values are, or how its text stands."""


@cache
def sound() -> tuple[str, ...]:
    """Manifests to start from."""
    wishes = [
        Wishes(NAME, "aws", ("eu-west-1a",), ("192.0.2.0/24",)),
        Wishes(
            NAME, "aws", ("eu-west-1a", "eu-west-1b", "eu-west-1c"), control_plane_count=3, private=True, bastion=True
        ),
        Wishes(NAME, "gce", ("europe-west3-a", "europe-west3-b"), project="mine"),
        Wishes(NAME, "aws", ("eu-west-1a",), dns_zone="example.com", networking="calico"),
    ]
    written = [yaml.safe_dump_all(starter.write(wish), sort_keys=False) for wish in wishes]
    return (
        *written,
        *(
            path.read_text()
            for path in sorted((ROOT / "examples").glob("*/*.yaml"))
            if "kind: Cluster" in path.read_text()
        ),
    )


@cache
def _documents(number: int) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(sound()[number]) if document]


def broken(how: tuple[str, int, Any]) -> str:
    """The text of a mutated manifest."""
    kind, number, changes = how
    number %= len(sound())
    if kind == "values":
        return yaml.safe_dump_all(mutated(_documents(number), changes), sort_keys=False)
    text = sound()[number]
    for at, cut in changes:
        text = _cut(text, at, cut)
    return text


def _cut(text: str, at: int, cut: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    line, place = at % len(lines), at % (len(text) + 1)
    match cut:
        case "drop":
            return "".join(lines[:line] + lines[line + 1 :])
        case "twice":
            return "".join(lines[: line + 1] + lines[line:])
        case "cut":
            return text[:place] + text[place + 1 + at % 5 :]
        case "put":
            return text[:place] + _BITS[at % len(_BITS)] + text[place:]
        case "swap":
            other = (at * 7) % len(lines)
            lines[line], lines[other] = lines[other], lines[line]
            return "".join(lines)
        case _:
            return "".join([*lines[:line], f"  {lines[line]}", *lines[line + 1 :]])


def read(text: str) -> None:
    """Take a manifest through all stages up to the plan: it is planned, or refused with findings."""
    with contextlib.suppress(KopsError):
        pipeline.run(spec.parse(manifest.texts({"cluster.yaml": text})))


@dataclass(frozen=True, slots=True)
class Command:
    """A leaf of the command line."""

    words: tuple[str, ...]
    parameters: tuple[click.Parameter, ...]


_LEFT_OUT = ("rehearse", "doctor", "completion")
"""Served by others: a rehearsal starts servers, doctor runs the engine that is found."""


@cache
def commands() -> tuple[Command, ...]:
    """Every command that there is, from the program's own tables."""
    return tuple(_leaves(app.root, ()))


def _leaves(group: LazyGroup, words: tuple[str, ...]) -> Iterator[Command]:
    for name, verb in group.verbs.items():
        if not words and name in _LEFT_OUT:
            continue
        command = verb.load()
        if isinstance(command, LazyGroup):
            yield from _leaves(command, (*words, name))
            if command.invoke_without_command:
                yield Command((*words, name), tuple(command.params))
        else:
            yield Command((*words, name), tuple(command.params))


_WORDS = (
    "nodes-eu-west-1a", "control-plane-eu-west-1a", "more", "kubernetes-ca", "all", "dockerconfig", "1", "2",
    "-1", "0", "", " ", "x", "..", "../x", "/", "-", "--", "=", "a=b", "é", "%s", "{", "[",
    "eu-west-1a", "eu-west-1a,eu-west-1b", "1.36.0", "9.9.9", "1.x", "192.0.2.0/24", "10.0.0.0/99", "true",
    "none", "yaml", "json", "table", "name", "cluster.yaml", "broken.yaml", "empty.yaml", "folder",
    "absent.yaml", "values.yaml", "t.yaml", "18h", "0s", "10m", "1e400", "9" * 30, "spec.kubelet.maxPods=5",
    "spec.maxSize=3", "spec.sshAccess=10.0.0.0/8", "spec.etcdClusters[*].version=3.6.7",
    "spec.subnets[0].cidr", "spec", "spec.x=1", "spec.networking.cilium={a: [", "metadata.labels[a.b/c]=d",
    "spec.kubelet", "spec.subnets[99]=x", "spec.a[b=c", "metadata.name=x",
    "spec.additionalPolicies.node=[{}]", "cluster.spec.channel=x",
)  # fmt: skip


def command_line(number: int) -> list[str]:
    """One command line; the same for the same number."""
    chance = random.Random(number)  # noqa: S311 - no secret
    command = chance.choice(commands())
    words = list(command.words)
    if chance.random() < 0.05:
        words[-1] += chance.choice("sx")
    given = list[str]()
    for parameter in command.parameters:
        if chance.random() < (0.75 if parameter.required or isinstance(parameter, click.Argument) else 0.15):
            given += _given(parameter, chance)
    if chance.random() < 0.2:
        given.insert(chance.randint(0, len(given)), chance.choice(_WORDS))
    return words + given


def _given(parameter: click.Parameter, chance: random.Random) -> list[str]:
    values = _values(parameter, chance)
    if isinstance(parameter, click.Argument):
        return [chance.choice(values) for _ in range(chance.randint(1, 3) if parameter.nargs == -1 else 1)]
    option = chance.choice([*parameter.opts, *parameter.secondary_opts])
    if isinstance(parameter, click.Option) and parameter.is_flag:
        return [option if chance.random() < 0.9 else f"{option}={chance.choice(['true', 'false', 'x'])}"]
    value = chance.choice(values)
    return (
        [option, value]
        if chance.random() < 0.6
        else [f"{option}={value}" if option.startswith("--") else option + value]
    )


def _values(parameter: click.Parameter, chance: random.Random) -> tuple[str, ...]:
    kind = parameter.type
    if isinstance(kind, click.Choice) and chance.random() < 0.9:
        return tuple(str(choice) for choice in kind.choices)
    if parameter.name in {"cluster", "name", "name_flag"} and chance.random() < 0.7:
        return (NAME,)
    if parameter.name in {"group", "groups"} and chance.random() < 0.7:
        return ("nodes-eu-west-1a", "control-plane-eu-west-1a")
    if isinstance(kind, click.Path) and chance.random() < 0.8:
        return ("cluster.yaml", "broken.yaml", "empty.yaml", "folder", "values.yaml", "config.json", "id.pub")
    return _WORDS


class Terminal:
    """A directory with a cluster, in which command lines are tried one after the other."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.store = directory / "clusters" / NAME
        self.store.mkdir(parents=True)
        (directory / "folder").mkdir()
        files = {
            "clusters/" + NAME + "/cluster.yaml": sound()[0],
            "cluster.yaml": sound()[0].replace(NAME, "other.example.com"),
            "broken.yaml": sound()[0][:-300] + "}",
            "empty.yaml": "",
            "folder/group.yaml": "kind: InstanceGroup\napiVersion: kops.k8s.io/v1alpha2\nmetadata: {name: more}\n",
            "values.yaml": "a: {b: [1]}\n",
            "t.yaml": "{{ a.b }}\n",
            "config.json": '{"auths": {}}',
            "id.pub": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBqCIlRVq5Bl2cYVFQxJ6WjEYUqe7Rn9w1ENUgWqv5iT me",
        }
        self._files = {directory / name: text.encode() for name, text in files.items()}
        self._restore()

    def run(self, arguments: list[str]) -> None:
        """Run one; AssertionError for a traceback, an unknown exit code, or a refusal that changed something."""
        said = io.StringIO()
        with (
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
            mock.patch("sys.stdin", io.StringIO("")),
        ):
            code = main(arguments)
        shown = said.getvalue()
        assert BROKEN not in shown, shown[-500:]
        assert "Traceback" not in shown, shown[-500:]
        assert code in set(ExitCode), code
        changed = self._changed()
        if changed:
            self._restore()
        assert not (code and changed), f"exit code {code}, and it changed {', '.join(changed)}: {shown[-300:]}"

    def _changed(self) -> list[str]:
        now = {
            path: path.read_bytes()
            for path in self.directory.rglob("*")
            if path.is_file() and ".pulumi-state" not in str(path)
        }
        return [str(path) for path in {*now, *self._files} if now.get(path) != self._files.get(path)]

    def _restore(self) -> None:
        for path in self.directory.rglob("*"):
            if path.is_file() and path not in self._files:
                path.unlink()
        for path, text in self._files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)


@contextlib.contextmanager
def terminal() -> Iterator[Terminal]:
    """A terminal without an engine, an account or a network to reach; the process is as before afterwards."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as directory, mock.patch.dict(os.environ, clear=True):
        os.environ |= {"PATH": "/nowhere", "HOME": directory, "EDITOR": "true", "AWS_EC2_METADATA_DISABLED": "true"}
        os.environ |= {
            "KOPS_PULUMI_CACHE": f"{directory}/cache",
            "PULUMI_HOME": f"{directory}/pulumi",
            "COLUMNS": "100",
        }
        place = Path(directory) / "work"
        place.mkdir()
        os.chdir(place)
        try:
            yield Terminal(place)
        finally:
            os.chdir(before)

"""Groups of verbs that import a verb's module only when the verb is called.

`--help` and shell completion list verbs from a table of names and one-line helps, so that they import almost nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


@dataclass(frozen=True, slots=True)
class Verb:
    """One row of a table of verbs."""

    target: str
    """`module:attribute` of the click command."""
    help: str
    """One line, as `--help` of the group shows it; the command's own docstring says more."""

    def load(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self.target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


def spelled(command: click.Command, arguments: list[str]) -> list[str]:
    """Arguments with switches as click spells them: `--yes=true` is `--yes`, `--edit=false` is `--no-edit`, as in kops.

    A switch that is off anyhow and has no such opposite is left out.
    """
    switches = {
        name: parameter.secondary_opts
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.is_bool_flag
        for name in parameter.opts
    }
    end = arguments.index("--") if "--" in arguments else len(arguments)
    found = list[str]()
    for argument in arguments[:end]:
        name, equals, value = argument.partition("=")
        if not equals or name not in switches or value.lower() not in _TRUTHS:
            found.append(argument)
        elif _TRUTHS[value.lower()]:
            found.append(name)
        else:
            found += switches[name][:1]
    return found + arguments[end:]


_TRUTHS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
"""As Go's strconv.ParseBool reads them."""


class LazyGroup(click.Group):
    """A click group over a table of verbs; aliases work but are not listed."""

    def __init__(
        self, *args: Any, verbs: Mapping[str, Verb], aliases: Mapping[str, str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.verbs = verbs
        self.aliases = aliases or {}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The verbs, in the table's order: the order of use."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The verb's command, imported now."""
        verb = self.verbs.get(self.aliases.get(cmd_name, cmd_name))
        return verb.load() if verb else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but with a suggestion that needs no import, and a way out for what only kops has."""
        from kops_pulumi.cli.kops import instead_of_command

        words = [*ctx.command_path.split()[1:], *(word for word in args if not word.startswith("-"))]
        if instead := instead_of_command(words):
            ctx.fail(f"{' '.join(words)} is kops's: {instead}")
        if args and not args[0].startswith("-") and args[0] not in {*self.verbs, *self.aliases}:
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.verbs, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else f"; there are: {', '.join(self.verbs)}"
            ctx.fail(f"no such command '{args[0]}'{hint}")
        name, command, rest = super().resolve_command(ctx, args)
        return name, command, spelled(command, rest) if command else rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The table of verbs, from the table itself."""
        if self.verbs:
            with formatter.section("Commands"):
                formatter.write_dl([(name, verb.help) for name, verb in self.verbs.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names from the table, then the group's own options."""
        from click.shell_completion import CompletionItem

        names = [CompletionItem(n, help=v.help) for n, v in self.verbs.items() if n.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

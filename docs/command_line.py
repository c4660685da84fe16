"""Write the reference of the command line, from its help texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any  # commands of typer

from typer.main import get_command

from ae_pipeline.cli.app import app


def command_page() -> str:
    """Every verb of the command line with its arguments and options."""
    commands = vars(get_command(app))["commands"]
    lines = ["# Command line", "", "`ae-pipeline VERB`, or `python -m ae_pipeline VERB`.", ""]
    for name, command in commands.items():
        lines += [f"## {name}", "", *_described(command.help or ""), ""]
        lines += ["| | |", "|---|---|", *map(_option, command.params), ""]
    return "\n".join(lines).rstrip() + "\n"


def _described(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        example = paragraph.removeprefix("Example: ")
        if example != paragraph:
            yield from ("", "```text", example, "```")
        else:
            yield from ("", paragraph)


def _option(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in option.opts) if option.opts[0][0] == "-" else None
    metavar = option.metavar or option.name.upper()
    named = names or f"`{metavar}`"
    value = f" `{option.metavar}`" if names and option.metavar else ""
    told = " ".join((option.help or "").split()).replace("|", "\\|")
    return f"| {named}{value.replace('|', chr(92) + '|')} | {told} |"

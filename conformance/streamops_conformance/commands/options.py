"""Options and output that several commands share."""

import os
import sys
from pathlib import Path

import typer
from rich.console import Console

from streamops_conformance.wires.table import WIRES

SPECS = "|".join(WIRES)
DEFAULT_SPEC = next(iter(WIRES))


def parse_spec(name: str) -> str:
    """The name of a wire, or nothing. Raises ValueError for an unknown one, which typer calls wrong usage."""
    if name and name not in WIRES:
        raise ValueError(f"known are {', '.join(WIRES)}")
    return name


class Output(Console):
    """A console whose reader may stop reading: the command goes on, and keeps its exit code."""

    def on_broken_pipe(self) -> None:
        """Drop the rest of the output."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def console() -> Console:
    """A console as wide as the terminal, or wide enough for a transcript where the output goes to a file."""
    return Output(highlight=False, width=None if sys.stdout.isatty() else 140)


def complain(text: str, command: str = "streamops") -> None:
    """Print an error to standard error."""
    typer.echo(f"{command}: {text}", err=True)


def check_writable(json_file: Path | None) -> None:
    """Raises ValueError if the folder of the report does not exist."""
    if json_file is not None and not json_file.absolute().parent.is_dir():
        raise ValueError(f"--json {json_file}: there is no folder {json_file.absolute().parent}")

"""The command `streamops`."""

import sys
import traceback

import typer

from streamops_conformance.commands import test
from streamops_conformance.commands.check import check
from streamops_conformance.commands.options import complain
from streamops_conformance.commands.proxy import proxy
from streamops_conformance.commands.requirements import explain, list_requirements
from streamops_conformance.exit_codes import ExitCode
from streamops_conformance.tail.command import tail

app = typer.Typer(
    name="streamops",
    help="Whether a server or a client keeps the prefix law: nothing lost, nothing reordered.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(test.app, name="test")
app.command("tail")(tail)
app.command("proxy")(proxy)
app.command("check")(check)
app.command("list")(list_requirements)
app.command("explain")(explain)


def main() -> None:
    """Entry point of the command; an unforeseen exception is the suite's own fault (exit code 3)."""
    try:
        app()
    except Exception:  # reason: the last resort, which gives a traceback its own exit code
        complain("the suite failed:\n" + traceback.format_exc())
        sys.exit(ExitCode.SUITE_FAULT)

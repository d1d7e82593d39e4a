"""The command `streamops`."""

import json
import os
import shlex
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from streamops_spec import AREAS, load_requirements

from streamops_conformance.capture.command import check
from streamops_conformance.catalog import catalog, select
from streamops_conformance.engine.dialect import Dialect, UnderTest
from streamops_conformance.engine.engine import Plan, run
from streamops_conformance.engine.events import Outcome
from streamops_conformance.model.case import CaseSpec
from streamops_conformance.proxy.command import proxy
from streamops_conformance.report.baseline import Baseline, BaselineError, Comparison, compare, read_baseline
from streamops_conformance.report.json_report import report
from streamops_conformance.report.terminal import ProgressBar, show
from streamops_conformance.tail.command import tail
from streamops_conformance.target.config import Target, TargetFileError, at, embedded, read
from streamops_conformance.target.process import Running
from streamops_conformance.target.started import Unreachable
from streamops_conformance.testee.command import TesteeCommand
from streamops_conformance.v0.client.judge import frames_of
from streamops_conformance.v1.client.sequence import SequenceSpec


class Exit(IntEnum):
    """Exit codes: what a CI job needs to tell apart."""

    CONFORMANT = 0
    NOT_CONFORMANT = 1
    USAGE = 2
    SUITE_FAULT = 3
    UNREACHABLE = 4
    BASELINE = 5


class Spec(StrEnum):
    V1 = "v1"
    V0 = "v0"


app = typer.Typer(
    name="streamops",
    help="Whether a server or a client keeps the prefix law: nothing lost, nothing reordered.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
test = typer.Typer(help="Test an implementation and print the verdict.", no_args_is_help=True)
app.add_typer(test, name="test")
app.command("tail")(tail)
app.command("proxy")(proxy)
app.command("check")(check)

EXAMPLES = {"v1": 1000, "v0": 150}
CLIENT_EXAMPLES = {"v1": 750, "v0": 150}
T = TypeVar("T")


@test.command("server")
def server(
    url: Annotated[str, typer.Argument(help="ws://HOST:PORT/PATH; without it, the reference server.")] = "",
    config: Annotated[Path | None, typer.Option(help="The target file (TOML).")] = None,
    spec: Annotated[Spec | None, typer.Option(help="Which specification.")] = None,
    only: Annotated[str, typer.Option(metavar="IDS/AREAS", help="Only these, e.g. ORD-1,BAT.")] = "",
    examples: Annotated[int | None, typer.Option(min=1, help="How many scripts; 1000, v0: 150.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same scripts.")] = 1,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the report.")
    ] = None,
    baseline: Annotated[Path | None, typer.Option(help="Known failures (TOML): only others count.")] = None,
    script: Annotated[str, typer.Option(help="Run this one case: JSON, or a file of it.")] = "",
    strict_timing: Annotated[bool, typer.Option("--strict-timing", help="Let slow answers fail.")] = False,
) -> None:
    """Test a server."""
    console = _console()
    try:
        target = _target(url, config, spec)
        case = _example(script, CaseSpec.from_json) if script else None
        plan = Plan(
            selected=select(target.spec, only),
            examples=examples if examples is not None else EXAMPLES[target.spec],
            seed=seed,
            script=case,
            strict_timing=strict_timing,
            replay=_replay(url, config, spec),
        )
        known = _baseline(baseline, target)
        _writable(json_file)
    except (ValueError, TargetFileError, BaselineError) as error:
        _complain(str(error))
        raise typer.Exit(Exit.USAGE) from None
    _finish(lambda: Running(target), _dialect(target), plan, known, json_file, console)


@test.command("client")
def client(
    command: Annotated[
        list[str] | None,
        typer.Argument(help="After --: what brings the client; the control URL is added as its last word."),
    ] = None,
    listen: Annotated[
        bool, typer.Option("--listen", help="Print the control URL and wait for a page.")
    ] = False,
    spec: Annotated[Spec, typer.Option(help="Which specification.")] = Spec.V1,
    only: Annotated[str, typer.Option(metavar="IDS/AREAS", help="Only these, e.g. CLI-1,FWD.")] = "",
    examples: Annotated[int | None, typer.Option(min=1, help="How many sequences; 750, v0: 150.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same sequences.")] = 1,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the report.")
    ] = None,
    baseline: Annotated[Path | None, typer.Option(help="Known failures (TOML): only others count.")] = None,
    script: Annotated[str, typer.Option(help="Run this one sequence: JSON, or a file of it.")] = "",
) -> None:
    """Test a client: the suite plays the server."""
    console = _console()
    words = tuple(command or ())
    try:
        if bool(words) == listen:
            raise ValueError("give a command after --, or --listen for a page that is opened by hand")
        sequence = _example(script, lambda said: _sequence(said, spec)) if script else None
        drawn = CLIENT_EXAMPLES[spec.value] if examples is None else examples
        plan = Plan(
            select(spec.value, only),
            drawn,
            seed,
            sequence,
            replay=f"streamops test client{' --listen' if listen else ''} --spec {spec.value}",
            replay_end=shlex.join(["--", *words]) if words else "",
        )
        known = read_baseline(baseline) if baseline is not None else None
        _writable(json_file)
    except (ValueError, BaselineError) as error:
        _complain(str(error))
        raise typer.Exit(Exit.USAGE) from None
    running = TesteeCommand(words)
    _finish(lambda: nullcontext(running), _client_dialect(spec, listen), plan, known, json_file, console)


def _finish(
    start: Callable[[], AbstractContextManager[UnderTest]],
    dialect: Dialect,
    plan: Plan,
    known: Baseline | None,
    json_file: Path | None,
    console: Console,
) -> NoReturn:
    """Run the plan, write and show the report, and exit with its code."""
    try:
        with start() as running, ProgressBar(console) as observer:
            outcome = run(running, dialect, plan, observer)
        comparison = compare(outcome, known) if known is not None else None
        if json_file is not None:
            json_file.write_text(json.dumps(report(outcome, comparison), indent=2) + "\n", encoding="utf-8")
    except Unreachable as error:
        _complain(str(error))
        raise typer.Exit(Exit.UNREACHABLE) from None
    except Exception:  # reason: whatever else goes wrong is the suite's own fault, and has a code of its own
        _complain("the suite failed, this says nothing about the target:\n" + traceback.format_exc())
        raise typer.Exit(Exit.SUITE_FAULT) from None
    show(outcome, comparison, console)
    raise typer.Exit(_code(outcome, comparison))


@app.command("list")
def list_requirements(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List every requirement of v1 and v0 with its check."""
    entries = [entry for spec in ("v1", "v0") for entry in catalog(spec)]
    if as_json:
        rows = [{**msgspec.to_builtins(entry.requirement), "checks": entry.checks} for entry in entries]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    table = Table("id", "spec", "role", "level", "needs", "requirement", "check", box=None)
    for entry in entries:
        each = entry.requirement
        check = entry.check or "[dim]not yet checked[/]"
        table.add_row(
            each.id, each.spec, each.role, each.keyword, ", ".join(each.needs), escape(each.text), check
        )
    console = _console()
    console.print(table)
    unchecked = [entry.requirement.id for entry in entries if entry.missing]
    console.print(f"{len(entries)} requirements, not yet checked: {', '.join(unchecked)}")


@app.command()
def explain(requirement: Annotated[str, typer.Argument(metavar="ID", help="Like ORD-1.")]) -> None:
    """Explain a requirement: its text, where it stands, how it is checked."""
    wanted = requirement.upper()
    for spec in ("v1", "v0"):
        for entry in catalog(spec):
            each = entry.requirement
            if each.id != wanted:
                continue
            console = _console()
            console.print(
                f"[bold]{each.id}[/] {each.keyword}, said of {each.role}s, {spec}: {AREAS[each.area]}"
            )
            console.print(f"  {escape(each.text)}")
            console.print(f"  [bold]observed[/] {escape(each.observed)}")
            if each.needs:
                console.print(f"  [bold]needs[/]    the capabilities {', '.join(each.needs)}")
            console.print(f"  [bold]chapter[/]  spec/{spec}/{each.chapter}:{each.line}")
            console.print(f"  [bold]check[/]    {entry.check or 'none yet'}")
            for role in ("server", "client"):
                if each.speaks_of(role):
                    console.print(f"  [bold]run it[/]   streamops test {role} --spec {spec} --only {each.id}")
            return
    ids = [*load_requirements("v1"), *load_requirements("v0")]
    near = [each for each in ids if each.split("-")[0] == wanted.split("-")[0]]
    _complain(f"there is no requirement {requirement!r}; there are {', '.join(near or ids)}")
    raise typer.Exit(Exit.USAGE)


def _target(url: str, config: Path | None, spec: Spec | None) -> Target:
    if url and config is not None:
        raise ValueError("give a URL or a target file, not both")
    if config is not None:
        target = read(config)
        if spec is not None and spec.value != target.spec:
            raise ValueError(f"{config} describes a {target.spec} server, and --spec says {spec.value}")
        return target
    if url:
        return at(url, spec.value if spec is not None else "v1")
    if spec is Spec.V0:
        raise ValueError("a v0 server needs a target file that describes its frames: give --config")
    return embedded()


def _example(script: str, read_as: Callable[[Any], T]) -> T:
    """The case or sequence of a replay. Raises ValueError where it is none."""
    try:
        text = script if script.lstrip().startswith(("{", "[")) else Path(script).read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"--script {script}: {error.strerror}") from error
    try:
        return read_as(json.loads(text))
    except (msgspec.ValidationError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"--script is no case: {error}") from None


def _sequence(said: Any, spec: Spec) -> SequenceSpec:
    """A sequence of that version. Raises ValueError, or what `SequenceSpec.from_json` raises."""
    found = SequenceSpec.from_json(said)
    if spec is Spec.V0:
        frames_of(found)
    return found


def _baseline(baseline: Path | None, target: Target) -> Baseline | None:
    path = baseline if baseline is not None else target.baseline
    return read_baseline(path) if path is not None else None


def _replay(url: str, config: Path | None, spec: Spec | None) -> str:
    words = ["streamops", "test", "server", *([url] if url else [])]
    words += ["--config", os.fspath(config)] if config is not None else []
    words += ["--spec", spec.value] if spec is not None else []
    return shlex.join(words)


def _writable(json_file: Path | None) -> None:
    if json_file is not None and not json_file.absolute().parent.is_dir():
        raise ValueError(f"--json {json_file}: there is no folder {json_file.absolute().parent}")


def _client_dialect(spec: Spec, listen: bool) -> Dialect:
    if spec is Spec.V0:
        from streamops_conformance.v0.client.dialect import ClientDialectV0

        return ClientDialectV0(by_hand=listen)
    from streamops_conformance.v1.client.dialect import ClientDialect

    return ClientDialect(by_hand=listen)


def _dialect(target: Target) -> Dialect:
    if target.spec == "v1":
        from streamops_conformance.v1.server.dialect import DialectV1

        return DialectV1()
    from streamops_conformance.v0.server.dialect import DialectV0

    return DialectV0(target)


def _code(outcome: Outcome, comparison: Comparison | None) -> Exit:
    if comparison is None:
        return Exit.CONFORMANT if outcome.conformant() else Exit.NOT_CONFORMANT
    if comparison.new:
        return Exit.NOT_CONFORMANT
    return Exit.BASELINE if comparison.stale or comparison.unknown else Exit.CONFORMANT


def _console() -> Console:
    """As wide as the terminal; wide enough for a transcript where the output goes to a file."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 140)


def _complain(text: str) -> None:
    typer.echo(f"streamops: {text}", err=True)


def main() -> None:
    """Entry point of the command; whatever is not foreseen is the suite's own fault (exit code 3)."""
    try:
        app()
    except Exception:  # reason: the last resort, which turns a traceback into an exit code of its own
        _complain("the suite failed:\n" + traceback.format_exc())
        sys.exit(Exit.SUITE_FAULT)

"""`streamops test server` and `streamops test client`."""

import json
import os
import shlex
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import typer

from streamops_conformance.catalog import select
from streamops_conformance.commands.options import (
    DEFAULT_SPEC,
    SPECS,
    check_writable,
    complain,
    console,
    parse_spec,
)
from streamops_conformance.engine.dialect import Stimulus
from streamops_conformance.engine.engine import Plan, run
from streamops_conformance.engine.events import Report
from streamops_conformance.exit_codes import ExitCode
from streamops_conformance.report.baseline import Baseline, BaselineError, Comparison, compare, read_baseline
from streamops_conformance.report.json_report import json_report
from streamops_conformance.report.terminal import ProgressBar, show
from streamops_conformance.target.config import Target, TargetFileError, at, embedded, read
from streamops_conformance.target.process import Running
from streamops_conformance.target.started import Unreachable
from streamops_conformance.testee.command import TesteeCommand
from streamops_conformance.wires.sides import AnyDialect, ServerSide
from streamops_conformance.wires.table import load_wire

app = typer.Typer(help="Test an implementation and print the verdict.", no_args_is_help=True)

SpecName = Annotated[str, typer.Option(parser=parse_spec, metavar=SPECS, help="Which specification.")]
Only = Annotated[str, typer.Option(metavar="IDS/AREAS", help="Only these, e.g. ORD-1,BAT.")]
JsonFile = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the report.")]
BaselineFile = Annotated[Path | None, typer.Option(help="Known failures (TOML): only others count.")]


@app.command("server")
def server(
    url: Annotated[str, typer.Argument(help="ws://HOST:PORT/PATH; without it, the reference server.")] = "",
    config: Annotated[Path | None, typer.Option(help="The target file (TOML).")] = None,
    spec: SpecName = "",
    only: Only = "",
    examples: Annotated[int | None, typer.Option(min=1, help="How many scripts; 1000, v0: 150.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same scripts.")] = 1,
    json_file: JsonFile = None,
    baseline: BaselineFile = None,
    script: Annotated[str, typer.Option(help="Run this one case: JSON, or a file of it.")] = "",
    strict_timing: Annotated[bool, typer.Option("--strict-timing", help="Let slow answers fail.")] = False,
) -> None:
    """Test a server."""
    try:
        target = _target(url, config, spec)
        side = _server_side(target.spec, config)
        plan = Plan(
            selected=select(target.spec, only),
            examples=examples if examples is not None else side.examples,
            seed=seed,
            script=_example(script, side.read_case) if script else None,
            strict_timing=strict_timing,
            replay=_replay(url, config, spec),
        )
        known_failures = baseline if baseline is not None else target.baseline
        known = read_baseline(known_failures) if known_failures is not None else None
        check_writable(json_file)
    except (ValueError, TargetFileError, BaselineError) as error:
        complain(str(error))
        raise typer.Exit(ExitCode.USAGE) from None
    _finish(lambda: Running(target), side.dialect, plan, known, json_file)


@app.command("client")
def client(
    command: Annotated[
        list[str] | None,
        typer.Argument(help="After --: what starts the client; the control URL is added as its last word."),
    ] = None,
    listen: Annotated[
        bool, typer.Option("--listen", help="Print the control URL and wait for a page.")
    ] = False,
    spec: Annotated[
        str, typer.Option(parser=parse_spec, metavar=SPECS, help="Which specification.")
    ] = DEFAULT_SPEC,
    only: Only = "",
    examples: Annotated[int | None, typer.Option(min=1, help="How many sequences; 750, v0: 150.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same sequences.")] = 1,
    json_file: JsonFile = None,
    baseline: BaselineFile = None,
    script: Annotated[str, typer.Option(help="Run this one sequence: JSON, or a file of it.")] = "",
) -> None:
    """Test a client: the suite is the server."""
    words = tuple(command or ())
    try:
        if bool(words) == listen:
            raise ValueError("give a command after --, or --listen for a page that is opened by hand")
        side = load_wire(spec).client
        if side is None:
            raise ValueError(f"the suite does not test clients of {spec}")
        plan = Plan(
            selected=select(spec, only),
            examples=examples if examples is not None else side.examples,
            seed=seed,
            script=_example(script, side.read_case) if script else None,
            replay=f"streamops test client{' --listen' if listen else ''} --spec {spec}",
            replay_end=shlex.join(["--", *words]) if words else "",
        )
        known = read_baseline(baseline) if baseline is not None else None
        check_writable(json_file)
    except (ValueError, BaselineError) as error:
        complain(str(error))
        raise typer.Exit(ExitCode.USAGE) from None
    testee = TesteeCommand(words, announce=_announce)
    dialect = side.dialect
    _finish(lambda: nullcontext(testee), lambda each: dialect(each, listen), plan, known, json_file)


def _announce(url: str) -> None:
    typer.echo(f"Open your client with this control URL: {url}")


def _finish(
    start: Callable[[], AbstractContextManager[Any]],  # reason: a server or a testee, as its dialect takes it
    dialect: Callable[[Any], AnyDialect],
    plan: Plan[Stimulus],
    known: Baseline | None,
    json_file: Path | None,
) -> NoReturn:
    """Run the plan, write and show the report, and exit with its code."""
    screen = console()
    try:
        with start() as under_test, ProgressBar(screen) as observer:
            found = run(dialect(under_test), plan, observer)
        comparison = compare(found, known) if known is not None else None
        if json_file is not None:
            text = json.dumps(json_report(found, comparison), indent=2)
            json_file.write_text(text + "\n", encoding="utf-8")
    except Unreachable as error:
        complain(str(error))
        raise typer.Exit(ExitCode.UNREACHABLE) from None
    except Exception:  # reason: any other error is a fault of the suite, which has its own code
        complain("the suite failed, this says nothing about the target:\n" + traceback.format_exc())
        raise typer.Exit(ExitCode.SUITE_FAULT) from None
    show(found, comparison, screen)
    raise typer.Exit(_code(found, comparison))


def _target(url: str, config: Path | None, spec: str) -> Target:
    if url and config is not None:
        raise ValueError("give a URL or a target file, not both")
    if config is not None:
        target = read(config)
        if spec and spec != target.spec:
            raise ValueError(f"{config} describes a {target.spec} server, and --spec says {spec}")
        return target
    if url:
        return at(url, spec or DEFAULT_SPEC)
    return embedded(spec or DEFAULT_SPEC)


def _server_side(spec: str, config: Path | None) -> ServerSide:
    side = load_wire(spec).server
    if side is None:
        raise ValueError(f"the suite does not test servers of {spec}")
    if side.needs_description and config is None:
        raise ValueError(f"a {spec} server needs a target file that describes its frames: give --config")
    return side


def _example(script: str, read_as: Callable[[Any], Stimulus]) -> Stimulus:
    """The case or sequence of a replay. Raises ValueError if it cannot be read."""
    try:
        text = script if script.lstrip().startswith(("{", "[")) else Path(script).read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"--script {script}: {error.strerror}") from error
    try:
        return read_as(json.loads(text))
    except (msgspec.ValidationError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"--script is not a case: {error}") from None


def _replay(url: str, config: Path | None, spec: str) -> str:
    words = ["streamops", "test", "server", *([url] if url else [])]
    words += ["--config", os.fspath(config)] if config is not None else []
    words += ["--spec", spec] if spec else []
    return shlex.join(words)


def _code(found: Report, comparison: Comparison | None) -> ExitCode:
    if comparison is None:
        return ExitCode.OK if found.conformant() else ExitCode.NOT_CONFORMANT
    if comparison.new:
        return ExitCode.NOT_CONFORMANT
    return ExitCode.BASELINE if comparison.stale or comparison.unknown else ExitCode.OK

"""`streamops check FILE`: what captured traffic shows, without any adapter."""

import json
import sys
from collections.abc import Mapping
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from streamops_conformance.capture.findings import Account
from streamops_conformance.capture.har import is_har, read_har
from streamops_conformance.capture.lines import read_lines
from streamops_conformance.capture.model import Capture, CaptureError, Connection
from streamops_conformance.capture.show import report, show
from streamops_conformance.v0.capture import judge_v0
from streamops_conformance.v1.capture.judge import judge_v1

SUBPROTOCOL = "streamops.v1"


class Exit(IntEnum):
    """Exit codes; they mean what those of `streamops test` mean."""

    CLEAN = 0
    BROKEN = 1
    USAGE = 2


class Spec(StrEnum):
    V1 = "v1"
    V0 = "v0"


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A recording of the proxy's, or a HAR.")],
    spec: Annotated[Spec | None, typer.Option(help="Which specification; else the traffic tells.")] = None,
    expect_text: Annotated[
        list[str] | None,
        typer.Option(metavar="STREAM=FILE", help="What the program wrote to a stream; repeatable."),
    ] = None,
    expect: Annotated[
        Path | None, typer.Option(metavar="FILE", help='The same of several: JSON, {"STREAM": "text"}.')
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the report.")
    ] = None,
) -> None:
    """Judge captured traffic by what the wire alone shows, and say what it does not show.

    FILE is what `streamops proxy … --record FILE` wrote, or a HAR file exported from a browser's developer
    tools. Ends with 0 if nothing is wrong, 1 if a MUST is broken, 2 on wrong usage or a file that is no
    capture.
    """
    try:
        written = _written(expect_text or (), expect)
        capture = read(file)
        accounts = judge(capture, spec.value if spec is not None else "", written)
        if json_file is not None and not json_file.absolute().parent.is_dir():
            raise CaptureError(f"--json {json_file}: there is no folder {json_file.absolute().parent}")
    except CaptureError as error:
        typer.echo(f"streamops check: {error}", err=True)
        raise typer.Exit(Exit.USAGE) from None
    if json_file is not None:
        text = json.dumps(report(str(file), capture, accounts), indent=2)
        json_file.write_text(text + "\n", encoding="utf-8")
    width = None if sys.stdout.isatty() else 140
    show(str(file), capture, accounts, Console(highlight=False, width=width))
    raise typer.Exit(Exit.CLEAN if all(account.clean for account in accounts) else Exit.BROKEN)


def read(file: Path) -> Capture:
    """The capture in a file. Raises CaptureError."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CaptureError(f"{file}: {getattr(error, 'strerror', None) or error}") from None
    try:
        whole: Any = json.loads(text)
    except ValueError:
        whole = None
    try:
        return read_har(whole) if is_har(whole) else read_lines(text.splitlines())
    except CaptureError as error:
        raise CaptureError(f"{file}: {error}") from None


def judge(capture: Capture, spec: str, written: Mapping[str, str]) -> list[Account]:
    """An account for each version of the protocol in the capture. Raises CaptureError where there is none."""
    kinds: dict[str, list[Connection]] = {"v1": [], "v0": []}
    for connection in capture.connections:
        kind = spec or tell(connection)
        if kind:
            kinds[kind].append(connection)
    if not any(each.transcript.entries for found in kinds.values() for each in found):
        what = "no WebSocket messages" if not capture.messages() else "no traffic of v1 or v0: give --spec"
        raise CaptureError(f"there is {what} in the capture")
    accounts = []
    if kinds["v1"]:
        accounts.append(judge_v1(Capture(capture.source, kinds["v1"]), written))
    if kinds["v0"]:
        accounts.append(judge_v0(Capture(capture.source, kinds["v0"]), written))
    return accounts


def tell(connection: Connection) -> str:
    """`v1`, `v0`, or nothing where a connection speaks neither."""
    if connection.subprotocol == SUBPROTOCOL:
        return "v1"
    for entry in connection.transcript.entries:
        frame = entry.frame or {}
        if entry.type in ("hello", "welcome") or (entry.type == "stream" and "seq" in frame):
            return "v1"
        if entry.type in ("connect", "mount") or (entry.type == "stream" and "ops" in frame):
            return "v0"
    return ""


def _written(pairs: list[str] | tuple[()], file: Path | None) -> dict[str, str]:
    """What the program wrote, by stream. Raises CaptureError."""
    written: dict[str, str] = {}
    try:
        if file is not None:
            said = json.loads(file.read_text(encoding="utf-8"))
            if not isinstance(said, dict) or not all(isinstance(each, str) for each in said.values()):
                raise CaptureError(f'--expect {file}: an object is wanted, {{"STREAM": "text", …}}')
            written |= said
        for pair in pairs:
            stream, equals, path = pair.partition("=")
            if not stream or not equals or not path:
                raise CaptureError(f"--expect-text {pair}: STREAM=FILE is wanted")
            written[stream] = Path(path).read_bytes().decode("utf-8")
    except OSError as error:
        raise CaptureError(f"{error.filename}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise CaptureError(f"what is expected is no UTF-8: {error}") from None
    except ValueError as error:
        raise (
            error if isinstance(error, CaptureError) else CaptureError(f"--expect {file}: {error}")
        ) from None
    return written

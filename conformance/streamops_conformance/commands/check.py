"""`streamops check FILE`: what captured traffic shows, without any adapter."""

import codecs
import gzip
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from streamops_conformance.capture.findings import CaptureFindings
from streamops_conformance.capture.har import is_har, read_har
from streamops_conformance.capture.lines import read_lines
from streamops_conformance.capture.model import Capture, CaptureError, Connection
from streamops_conformance.capture.show import report, show
from streamops_conformance.commands.options import SPECS, check_writable, complain, console, parse_spec
from streamops_conformance.exit_codes import ExitCode
from streamops_conformance.wires.table import WIRES, load_wire

_SHOWN_SKIPPED = 3
"""How many skipped parts an error message names."""


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A recording of the proxy, or a HAR file.")],
    spec: Annotated[
        str,
        typer.Option(
            parser=parse_spec, metavar=SPECS, help="Which specification; found from the traffic by default."
        ),
    ] = "",
    expect_text: Annotated[
        list[str] | None,
        typer.Option(metavar="STREAM=FILE", help="What the program wrote to a stream; repeatable."),
    ] = None,
    expect: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help='The same for several streams: JSON, {"STREAM": "text"}.'),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the report.")
    ] = None,
) -> None:
    """Judge captured traffic by what the wire shows, and list what it cannot show.

    FILE is what `streamops proxy … --record FILE` wrote, or a HAR file exported from a browser's developer
    tools. Ends with 0 if nothing is wrong, 1 if a MUST is broken, 2 on wrong usage or a file that is
    not a capture.
    """
    try:
        written = _written(expect_text or (), expect)
        capture = read(file)
        all_findings = judge(capture, spec, written)
        check_writable(json_file)
    except (CaptureError, ValueError) as error:
        complain(str(error), "streamops check")
        raise typer.Exit(ExitCode.USAGE) from None
    if json_file is not None:
        text = json.dumps(report(str(file), capture, all_findings), indent=2)
        json_file.write_text(text + "\n", encoding="utf-8")
    show(str(file), capture, all_findings, console())
    raise typer.Exit(
        ExitCode.OK if all(findings.clean for findings in all_findings) else ExitCode.NOT_CONFORMANT
    )


def read(file: Path) -> Capture:
    """The capture in a file. Raises CaptureError."""
    try:
        text = decoded(file.read_bytes())
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise CaptureError(f"{file}: {getattr(error, 'strerror', None) or error}") from None
    try:
        return read_text(text)
    except CaptureError as error:
        raise CaptureError(f"{file}: {error}") from None


def read_text(text: str) -> Capture:
    """The capture in the text of a file. Raises CaptureError."""
    try:
        whole: Any = json.loads(text)
    except (ValueError, RecursionError):
        whole = None
    return read_har(whole) if is_har(whole) else read_lines(text.split("\n"))


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8, or UTF-16 with a byte order mark, and either of them in gzip.

    Bytes that are not UTF-8 become surrogates, so that only what they stand in is skipped. Raises OSError,
    EOFError or zlib.error for a gzip that is not whole, and UnicodeDecodeError for a broken UTF-16.
    """
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # as PowerShell writes files
        return data.decode("utf-16")
    return data.decode("utf-8-sig", "surrogateescape")


def judge(capture: Capture, spec: str, written: Mapping[str, str]) -> list[CaptureFindings]:
    """The findings for each wire in the capture. Raises CaptureError if there is none."""
    by_wire: dict[str, list[Connection]] = {name: [] for name in WIRES}
    for connection in capture.connections:
        wire = recognize(connection)
        if spec and (wire == spec or not is_foreign(connection)):
            wire = spec
        if wire:
            by_wire[wire].append(connection)
        elif connection.transcript.entries:
            capture.skipped.append(f"connection {connection.number}, which speaks {_spoken(connection)}")
    if not any(each.transcript.entries for connections in by_wire.values() for each in connections):
        known = " or ".join(WIRES)
        what = "no WebSocket messages" if not capture.messages() else f"no traffic of {known}: give --spec"
        raise CaptureError(f"the capture has {what}{_skipped(capture)}")
    found = []
    for name, connections in by_wire.items():
        side = load_wire(name).capture
        if connections and side is None:
            raise CaptureError(f"captured traffic of {name} cannot be judged")
        if connections and side is not None:
            found.append(side.judge(Capture(capture.source, connections), written))
    return found


def _skipped(capture: Capture) -> str:
    """The end of a message that nothing can be judged: what was skipped."""
    parts = [*capture.skipped, *(each.unreadable for each in capture.connections if each.unreadable)]
    more = f"; and {len(parts) - _SHOWN_SKIPPED} more" if len(parts) > _SHOWN_SKIPPED else ""
    return f"; skipped: {'; '.join(parts[:_SHOWN_SKIPPED])}{more}" if parts else ""


def recognize(connection: Connection) -> str:
    """The name of the wire that a connection speaks; empty if the suite knows none."""
    for name in WIRES:
        side = load_wire(name).capture
        if side is not None and side.recognizes(connection):
            return name
    return ""


def is_foreign(connection: Connection) -> bool:
    """Whether the connection agreed on a protocol that no wire of the suite has."""
    return bool(connection.subprotocol) and not recognize(connection)


def _spoken(connection: Connection) -> str:
    wanted = " or ".join(WIRES)
    agreed = f"{connection.subprotocol!r:.80}, not" if connection.subprotocol else "something else than"
    return f"{agreed} {wanted} ({connection.path[:200]})"


def _written(pairs: list[str] | tuple[()], file: Path | None) -> dict[str, str]:
    """What the program wrote, by stream. Raises CaptureError."""
    written: dict[str, str] = {}
    try:
        if file is not None:
            said = json.loads(file.read_text(encoding="utf-8"))
            if not isinstance(said, dict) or not all(isinstance(each, str) for each in said.values()):
                raise CaptureError(f'--expect {file}: the file must hold an object, {{"STREAM": "text", …}}')
            written |= said
        for pair in pairs:
            stream, equals, path = pair.partition("=")
            if not stream or not equals or not path:
                raise CaptureError(f"--expect-text {pair}: the form is STREAM=FILE")
            written[stream] = Path(path).read_bytes().decode("utf-8")
    except OSError as error:
        raise CaptureError(f"{error.filename}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise CaptureError(f"the expected text is not UTF-8: {error}") from None
    except ValueError as error:
        raise (
            error if isinstance(error, CaptureError) else CaptureError(f"--expect {file}: {error}")
        ) from None
    return written

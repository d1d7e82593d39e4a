"""`streamops tail URL`: shows in a terminal what a server streams."""

import asyncio
import contextlib
import io
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI

from streamops_conformance.exit_codes import ExitCode
from streamops_conformance.tail.client import Client
from streamops_conformance.tail.connection import Connection
from streamops_conformance.tail.effects import Effect, Fired, Replied, Stop
from streamops_conformance.tail.terminal import Lines, Printer, clean

CAPS = ("html", "view", "ack", "resume")
"""What this client can do with what it is sent."""
DRIVER = "x-conformance"

Json = Any  # reason: a recursive union of JSON values gains nothing here


def tail(
    url: Annotated[str, typer.Argument(help="ws://HOST:PORT/PATH")],
    view: Annotated[str, typer.Option(help="The view to mount; without it, the server's default.")] = "",
    params: Annotated[str, typer.Option(metavar="JSON", help="The view's params, an object.")] = "{}",
    event: Annotated[str, typer.Option(help="Send this event first.")] = "",
    event_params: Annotated[str, typer.Option(metavar="JSON", help="The event's params, an object.")] = "{}",
    run: Annotated[
        str, typer.Option(metavar="FILE", help="Send this script to a driver (conformance.run); - reads it.")
    ] = "",
    caps: Annotated[
        str,
        typer.Option(metavar="NAMES", help=f"Offer these capabilities: {', '.join(CAPS)}; by default none."),
    ] = "",
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue after a lost connection, without a token twice.")
    ] = False,
    stream: Annotated[list[str] | None, typer.Option(help="Show only this stream; repeatable.")] = None,
    until_done: Annotated[bool, typer.Option("--until-done", help="End when they have ended.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object per line.")] = False,
) -> None:
    """Print what a server streams, as it comes.

    With the capabilities html and view, shows HTML as text.

    Ends with 0 if every run that ended was complete, 1 if one was not or the event was refused, 2 on wrong
    usage, 4 if the server cannot be reached or does not allow a reconnect, 130 on Ctrl-C.
    """
    try:
        hello = {"name": view, "params": _object("--params", params)} if view else None
        asked = (event, _object("--event-params", event_params)) if event else None
        offered = _caps(caps, resume=resume, run=bool(run))
        if run:
            if event:
                raise ValueError("--run sends an event of its own; remove --event")
            asked = ("conformance.run", {"script": _script(run)})
    except ValueError as error:
        _complain(str(error))
        raise typer.Exit(ExitCode.USAGE) from None
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # A terminal without UTF-8 still shows the rest.
    printer = Lines(sys.stdout, stream or ()) if as_json else Printer(sys.stdout, sys.stderr, stream or ())
    watch = Watch(stream or (), asked is not None)
    try:
        code = asyncio.run(_run(url, Client(hello, offered, keep=False), printer, watch, asked, until_done))
        printer.close()
    except (InvalidURI, InvalidHandshake, OSError) as error:
        if isinstance(error, BrokenPipeError):
            _hush()
            raise typer.Exit(ExitCode.OK) from None  # The reader of the output closed it.
        _complain(f"{url}: {_why(error)}")
        code = ExitCode.USAGE if isinstance(error, InvalidURI) else ExitCode.UNREACHABLE
    raise typer.Exit(code)


class Watch:
    """Notes which runs have ended so far, and how."""

    def __init__(self, named: Sequence[str], asked: bool) -> None:
        self.whole = True
        self._named = named
        self._asked = asked
        self._waiting = asked  # wait for the reply
        self._open: set[str] = set()
        self._ended: set[str] = set()

    def see(self, effects: Sequence[Effect]) -> None:
        """Take note of the effects of one message."""
        for each in effects:
            match each:
                case Fired("stream:start", stream):
                    self._open.add(stream)
                case Fired("stream:done", stream):
                    self._open.discard(stream)
                    self._ended.add(stream)
                    self.whole &= each.reason in (None, "complete") or self._hidden(stream)
                case Fired("stream:integrity", stream, ok=False):
                    self.whole &= self._hidden(stream)
                case Replied():
                    self._waiting = False
                    self.whole &= each.ok
                case _:
                    pass

    def _hidden(self, stream: str) -> bool:
        return bool(self._named) and stream not in self._named

    @property
    def ended(self) -> bool:
        """Whether everything that was asked for has ended. A reply follows all that its handler streamed."""
        still_open = {stream for stream in self._open if not self._hidden(stream)}
        if self._asked:
            return not self._waiting and not still_open
        wanted = set(self._named) or {*self._ended}
        return bool(wanted) and self._ended >= wanted and not still_open


async def _run(
    url: str,
    client: Client,
    printer: Printer | Lines,
    watch: Watch,
    asked: tuple[str, dict[str, Json]] | None,
    until_done: bool,
) -> ExitCode:
    ended = asyncio.Event()

    def show(effects: Sequence[Effect]) -> None:
        printer.show(effects)
        watch.see(effects)
        if until_done and watch.ended:
            ended.set()

    connection = Connection(url, client, show)
    if asked is not None:
        await connection.push(*asked)  # sent once there is a session
    interrupted = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupted.set)
    running = asyncio.create_task(connection.run())
    others = [asyncio.create_task(event.wait()) for event in (ended, interrupted)]
    await asyncio.wait([running, *others], return_when=asyncio.FIRST_COMPLETED)
    if not running.done():
        running.cancel()  # Before the close: the client is not told of an end that it asked for.
        await connection.leave()
    for task in others:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        stopped: Stop = await running
        return ExitCode.OK if stopped.code == "close 1000" and watch.whole else ExitCode.UNREACHABLE
    if interrupted.is_set():
        return ExitCode.INTERRUPTED
    return ExitCode.OK if watch.whole else ExitCode.NOT_CONFORMANT


def _caps(names: str, *, resume: bool, run: bool) -> list[str]:
    """The capabilities to offer. Raises ValueError for one that this client does not know."""
    found = dict.fromkeys(name.strip() for name in names.split(",") if name.strip())
    unknown = found.keys() - {*CAPS, DRIVER}
    if unknown:
        raise ValueError(f"--caps: {', '.join(sorted(unknown))} is not one of {', '.join(CAPS)}")
    return [*(found | dict.fromkeys(["resume"] * resume + [DRIVER] * run))]


def _script(file: str) -> list[Json]:
    """The steps in a file: a list, or an object with the list as `script`."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"--run {file}: {getattr(error, 'strerror', None) or error}") from None
    value = _json("--run", text)
    steps = value.get("script") if isinstance(value, dict) else value
    if not isinstance(steps, list):
        raise ValueError(f'--run {file}: a script is a list of steps, such as [{{"do": "text", …}}]')
    return steps


def _object(option: str, text: str) -> dict[str, Json]:
    value = _json(option, text)
    if not isinstance(value, dict):
        raise ValueError(f"{option} is not a JSON object: {text}")
    return value


def _json(option: str, text: str) -> Json:
    try:
        value = json.loads(text, parse_constant=_refuse)
        json.dumps(
            value, allow_nan=False
        )  # A number such as 1e400 is infinite here, and would be sent as null.
        text.encode()
    except ValueError as error:
        raise ValueError(f"{option} is not JSON: {error}") from None
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


def _why(error: Exception) -> str:
    if isinstance(error, InvalidStatus):
        body = bytes(error.response.body or b"").decode("utf-8", "replace")[:300].strip()
        return f"the server answered {error.response.status_code} {body}".strip()
    return str(error) or type(error).__name__


def _complain(text: str) -> None:
    typer.echo(f"streamops tail: {clean(text)}", err=True)


def _hush() -> None:
    """The pipe is closed: keep the interpreter from flushing into it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

"""`streamops-server`: the reference server as a command."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from streamops_server.core.limits import Limits
from streamops_server.demo.echo import Chat
from streamops_server.demo.scenes import PAGES, SCENES
from streamops_server.driver import Conformance, HeadlessConformance
from streamops_server.pages import Pages
from streamops_server.registry import Registry
from streamops_server.request import Request
from streamops_server.view import View
from streamops_server.view_loader import load_views
from streamops_server.websocket_server import StreamServer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_CONFORMANCE_HEARTBEAT_MS = 3000
_DEFAULTS = Limits()


def _registry(views: str | None, conformance: bool, demo: bool) -> Registry:
    """What the options say is served. Raises typer.Exit where `views` names nothing."""
    found: dict[str, type[View]] = dict(SCENES) if demo else {"Chat": Chat}
    if views is not None:
        sys.path.insert(0, os.getcwd())  # as `python -m` finds it
        try:
            found = load_views(views)
        except (ImportError, LookupError) as error:
            logging.getLogger("streamops_server").info("--views could not be loaded", exc_info=error)
            typer.echo(f"--views {views}: {error}", err=True)
            raise typer.Exit(2) from None
    default: type[View] | None = next(iter(found.values())) if len(found) == 1 else None
    if conformance:
        found["conformance"] = Conformance
        default = HeadlessConformance
    return Registry(found, default, conformance=conformance)


def _bearer(request: Request) -> str:
    """In test mode whoever names a principal is taken at their word: `Authorization: Bearer NAME`."""
    return request.headers.get("authorization", "").removeprefix("Bearer ").strip()


async def _serve(server: StreamServer, ready_file: Path | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with server:
        _announce(f"ready {server.url}", ready_file)
        if server.page_url is not None:
            print(f"open {server.page_url}", flush=True)
        await stop.wait()


def _announce(line: str, ready_file: Path | None) -> None:
    if ready_file is not None:
        partial = ready_file.with_name(ready_file.name + ".partial")
        partial.write_text(line + "\n", encoding="utf-8")
        partial.replace(ready_file)  # whoever waits for the file never reads half of it
    print(line, flush=True)


@app.command()
def run(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes any free one.", min=0, max=65535)] = 8765,
    views: Annotated[str | None, typer.Option(help="MODULE or MODULE:Class with your views.")] = None,
    pages: Annotated[
        Path | None, typer.Option(help="Folder with the pages for browsers.", exists=True, file_okay=False)
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Show the demo, pages and views.")] = False,
    conformance: Annotated[bool, typer.Option(help="Offer the test driver. Not for production.")] = False,
    ready_file: Annotated[Path | None, typer.Option(help="Also write the ready line to this file.")] = None,
    origin: Annotated[list[str] | None, typer.Option(help="A further allowed Origin; repeatable.")] = None,
    heartbeat_ms: Annotated[
        int | None,
        typer.Option(
            help=f"Silence before a ping. [default: 25000; {_CONFORMANCE_HEARTBEAT_MS} with --conformance]",
            min=1,
        ),
    ] = None,
    max_frame_bytes: Annotated[
        int, typer.Option(help="Largest inbound frame.", min=65536)
    ] = _DEFAULTS.max_frame_bytes,
    max_streams: Annotated[int, typer.Option(help="Streams of one session.", min=1)] = _DEFAULTS.max_streams,
    max_text_bytes: Annotated[
        int, typer.Option(help="Longest text of one operation.", min=4, max=_DEFAULTS.max_text_bytes)
    ] = _DEFAULTS.max_text_bytes,
    max_fps: Annotated[int, typer.Option(help="Frames of a stream per second.", min=1)] = _DEFAULTS.max_fps,
    max_events: Annotated[int, typer.Option(help="Unanswered events.", min=1)] = _DEFAULTS.max_events,
    cancel_ms: Annotated[
        int, typer.Option(help="How long a cancelled handler may take to end.", min=1)
    ] = _DEFAULTS.cancel_ms,
    max_pending_bytes: Annotated[
        int, typer.Option(help="Pending bytes past which a producer waits.", min=1)
    ] = _DEFAULTS.max_pending_bytes,
    resume_ttl_ms: Annotated[
        int, typer.Option(help="How long a session goes on without a connection.", min=1)
    ] = _DEFAULTS.resume_ttl_ms,
    replay_bytes: Annotated[
        int, typer.Option(help="What is kept for clients that come back.", min=1)
    ] = _DEFAULTS.replay_bytes,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what handlers raise.")] = False,
) -> None:
    """Serve views over WebSocket (streamops.v1), and pages over HTTP on the same port.

    Prints `ready URL` once it listens, and `open URL` where there are pages.
    """
    if demo and (views is not None or pages is not None or conformance):
        raise typer.BadParameter("--demo brings its own views and pages; leave the other options out")
    logging.basicConfig(level=logging.INFO if verbose else logging.CRITICAL if conformance else logging.ERROR)
    default_heartbeat = _CONFORMANCE_HEARTBEAT_MS if conformance else _DEFAULTS.heartbeat_ms
    limits = Limits(
        heartbeat_ms=heartbeat_ms or default_heartbeat,
        max_frame_bytes=max_frame_bytes,
        max_streams=max_streams,
        max_text_bytes=max_text_bytes,
        max_fps=max_fps,
        max_events=max_events,
        cancel_ms=cancel_ms,
        max_pending_bytes=max_pending_bytes,
        resume_ttl_ms=resume_ttl_ms,
        replay_bytes=replay_bytes,
    )
    registry = _registry(views, conformance, demo)
    folder = PAGES if demo else pages
    server = StreamServer(
        registry,
        host=host,
        port=port,
        limits=limits,
        origins=origin or (),
        pages=None if folder is None else Pages(folder),
        authenticate=_bearer if conformance else None,
    )
    try:
        asyncio.run(_serve(server, ready_file))
    except OSError as error:
        typer.echo(
            f"Cannot listen on {host}:{port}: {error.strerror}; choose another --port or --host", err=True
        )
        raise typer.Exit(1) from None


def main() -> None:
    app()

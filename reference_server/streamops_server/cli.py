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

from streamops_server.conformance_driver import Conformance, HeadlessConformance
from streamops_server.core.limits import Limits
from streamops_server.demo.echo import Chat
from streamops_server.demo.scenes import PAGES, SCENES
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
    """The views that the options ask for. Raises typer.Exit if `views` cannot be loaded."""
    found: dict[str, type[View]] = dict(SCENES) if demo else {"Chat": Chat}
    if views is not None:
        sys.path.insert(0, os.getcwd())  # as `python -m` does
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
    """The principal in test mode, which trusts every client: NAME of `Authorization: Bearer NAME`."""
    return request.headers.get("authorization", "").removeprefix("Bearer ").strip()


async def _serve(server: StreamServer, ready_file: Path | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with server:
        _announce(f"ready {server.url}", ready_file)
        if server.page_url is not None:
            typer.echo(f"open {server.page_url}")
        await stop.wait()


def _announce(line: str, ready_file: Path | None) -> None:
    if ready_file is not None:
        partial = ready_file.with_name(ready_file.name + ".partial")
        partial.write_text(line + "\n", encoding="utf-8")
        partial.replace(ready_file)  # a reader that waits for the file never reads half a line
    typer.echo(line)


_Host = Annotated[str, typer.Option(help="Address to listen on.")]
_Port = Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65535)]
_Views = Annotated[str | None, typer.Option(help="MODULE or MODULE:Class with your views.")]
_Pages = Annotated[
    Path | None, typer.Option(help="Folder with the pages for browsers.", exists=True, file_okay=False)
]
_Demo = Annotated[bool, typer.Option("--demo", help="Show the demo, pages and views.")]
_Conformance = Annotated[bool, typer.Option(help="Offer the test driver. Not for production.")]
_ReadyFile = Annotated[Path | None, typer.Option(help="Also write the ready line to this file.")]
_Origin = Annotated[list[str] | None, typer.Option(help="A further allowed Origin; repeatable.")]
_TrustedProxy = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ADDRESS|NETWORK",
        help="A reverse proxy whose Forwarded and X-Forwarded-* headers count; repeatable.",
    ),
]
_HeartbeatMs = Annotated[
    int | None,
    typer.Option(
        help="Silence before a ping, in milliseconds; by default"
        f" {_DEFAULTS.heartbeat_ms}, and {_CONFORMANCE_HEARTBEAT_MS} with --conformance.",
        min=1,
    ),
]
_MaxFrameBytes = Annotated[int, typer.Option(help="Largest inbound frame, in bytes.", min=65536)]
_MaxStreams = Annotated[int, typer.Option(help="Most streams of one session.", min=1)]
_MaxTextBytes = Annotated[
    int,
    typer.Option(help="Longest text of one operation, in bytes.", min=4, max=_DEFAULTS.max_text_bytes),
]
_MaxFps = Annotated[int, typer.Option(help="Most frames of a stream per second.", min=1)]
_MaxEvents = Annotated[int, typer.Option(help="Most unanswered events of one session.", min=1)]
_CancelMs = Annotated[
    int, typer.Option(help="How long a cancelled handler may take to end, in milliseconds.", min=1)
]
_MaxPendingBytes = Annotated[
    int, typer.Option(help="Pending bytes of a stream at which its producer waits.", min=1)
]
_ResumeTtlMs = Annotated[
    int, typer.Option(help="How long a session continues without a connection, in milliseconds.", min=1)
]
_ReplayBytes = Annotated[int, typer.Option(help="Bytes kept for a client that comes back.", min=1)]
_Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log the exceptions of handlers.")]


@app.command()
def run(
    host: _Host = "127.0.0.1",
    port: _Port = 8765,
    views: _Views = None,
    pages: _Pages = None,
    demo: _Demo = False,
    conformance: _Conformance = False,
    ready_file: _ReadyFile = None,
    origin: _Origin = None,
    trusted_proxy: _TrustedProxy = None,
    heartbeat_ms: _HeartbeatMs = None,
    max_frame_bytes: _MaxFrameBytes = _DEFAULTS.max_frame_bytes,
    max_streams: _MaxStreams = _DEFAULTS.max_streams,
    max_text_bytes: _MaxTextBytes = _DEFAULTS.max_text_bytes,
    max_fps: _MaxFps = _DEFAULTS.max_fps,
    max_events: _MaxEvents = _DEFAULTS.max_events,
    cancel_ms: _CancelMs = _DEFAULTS.cancel_ms,
    max_pending_bytes: _MaxPendingBytes = _DEFAULTS.max_pending_bytes,
    resume_ttl_ms: _ResumeTtlMs = _DEFAULTS.resume_ttl_ms,
    replay_bytes: _ReplayBytes = _DEFAULTS.replay_bytes,
    verbose: _Verbose = False,
) -> None:
    """Serve views over WebSocket (streamops.v1), and pages over HTTP on the same port.

    Prints `ready URL` once it listens, and `open URL` if there are pages.
    """
    if demo and (views is not None or pages is not None or conformance):
        raise typer.BadParameter(
            "--demo has its own views and pages; remove --views, --pages and --conformance"
        )
    logging.basicConfig(
        level=logging.INFO if verbose else logging.CRITICAL if conformance else logging.WARNING
    )
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
    try:
        server = StreamServer(
            registry,
            host=host,
            port=port,
            limits=limits,
            origins=origin or (),
            pages=None if folder is None else Pages(folder),
            authenticate=_bearer if conformance else None,
            trusted_proxies=trusted_proxy or (),
        )
    except ValueError as error:
        raise typer.BadParameter(f"--trusted-proxy: {error}") from None
    try:
        asyncio.run(_serve(server, ready_file))
    except OSError as error:
        typer.echo(
            f"Cannot listen on {host}:{port}: {error.strerror}; choose another --port or --host", err=True
        )
        raise typer.Exit(1) from None


def main() -> None:
    """Run the command. Exits with 1 if it cannot listen, with 2 for wrong usage."""
    app()

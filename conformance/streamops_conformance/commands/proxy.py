"""`streamops proxy LISTEN TARGET`: try a client on a bad network, and record the traffic."""

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Annotated, TextIO

import typer

from streamops_conformance.commands.options import complain
from streamops_conformance.exit_codes import ExitCode
from streamops_conformance.proxy.faults import EXAMPLES, FaultError, fault
from streamops_conformance.proxy.recorder import Recorder
from streamops_conformance.proxy.shell import FaultProxy, Happened, Plans, TargetError, drawn


def proxy(
    listen: Annotated[str, typer.Argument(metavar="LISTEN", help="HOST:PORT, or PORT alone for loopback.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="ws://HOST:PORT/PATH of the server.")],
    faults: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="FAULT", help=f"Repeatable: {EXAMPLES}."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same faults.")] = 1,
    record: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the messages, for `streamops check`.")
    ] = None,
) -> None:
    """Be a bad network between a client and a server, until Ctrl-C.

    Connections are cut, stalled, delayed, throttled or fragmented, at bytes or times of your choice. Only
    faults that TCP allows are made. `after=` happens once, on the first connection that reaches it; `every=`
    happens on each connection, and a stall repeatedly. Amounts may be ranges, drawn for each connection from
    the seed.
    """
    try:
        host, port = _address(listen)
        plans = drawn([fault(each) for each in faults or ()], seed)
        file = record.open("w", encoding="ascii") if record is not None else None
    except (FaultError, ValueError) as error:
        _complain(str(error))
        raise typer.Exit(ExitCode.USAGE) from None
    except OSError as error:
        _complain(f"--record {record}: {error.strerror}")
        raise typer.Exit(ExitCode.USAGE) from None
    with file or contextlib.nullcontext():
        try:
            asyncio.run(_run(host, port, target, plans, seed, file))
        except TargetError as error:
            _complain(str(error))
            raise typer.Exit(ExitCode.USAGE) from None
        except OSError as error:
            _complain(f"cannot listen on {listen}: {error.strerror or error}")
            raise typer.Exit(ExitCode.USAGE) from None
    raise typer.Exit(ExitCode.OK)


async def _run(host: str, port: int, target: str, plans: Plans, seed: int, file: TextIO | None) -> None:
    recorder = Recorder(file, target) if file is not None else None
    told: set[int] = set()

    def say(happened: Happened) -> None:
        typer.echo(f"{happened.seconds:8.3f} s  connection {happened.connection} {happened.said}")
        if recorder is not None:
            for number, why in recorder.unreadable.items():
                if number not in told:
                    told.add(number)
                    typer.echo(f"{'':12}connection {number} is not recorded: {why}")

    interrupted = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupted.set)
    standing = FaultProxy(target, plans, host=host, port=port, seed=seed, tap=recorder, observe=say)
    async with standing:
        typer.echo(f"{standing.url} -> {target}; Ctrl-C ends it")
        await interrupted.wait()


def _address(listen: str) -> tuple[str, int]:
    """HOST:PORT, [V6]:PORT or PORT. Raises ValueError."""
    host, colon, port = listen.rpartition(":")
    if not port.isdigit() or int(port) > 65535 or (colon and not host):
        raise ValueError(f"{listen!r}: where to listen is HOST:PORT, as in 127.0.0.1:9000")
    return host.strip("[]") or "127.0.0.1", int(port)


def _complain(text: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        complain(text, "streamops proxy")

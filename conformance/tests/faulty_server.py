"""Starts the reference server with one fault in it.

faulty_server.py FAULT --conformance --port N   is one server
faulty_server.py --host                         serves one fault after another, each in a fork of this process

A host reads orders as lines of JSON: {"args": [FAULT, …]} starts a server, {"stop": true} ends it, after
which the host prints "over". FAULT may be empty: then the server is as it is.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from faults.table import all_faults
from streamops_conformance.mutate.language import Mutations
from streamops_conformance.mutate.relay import Relay
from streamops_server.cli import main


def serve(name: str) -> None:
    """Serve with that fault, with the options of `sys.argv`."""
    fault = all_faults()[name] if name else None
    if fault is not None and fault.mutations:
        serve_behind(fault.mutations)
        return
    if fault is not None and fault.apply is not None:
        fault.apply()
    main()


def serve_behind(mutations: tuple[Mutations, ...]) -> None:
    """Serve with a relay on the port that was asked for, in front of a fork of this process."""
    at = sys.argv.index("--port") + 1
    outer, inner = int(sys.argv[at]), free_port()
    child = os.fork()
    if child == 0:
        sys.argv[at] = str(inner)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # it is the relay that says when both are ready
        main()
        return
    try:
        asyncio.run(relay(mutations, f"ws://127.0.0.1:{inner}", outer, child))
    finally:
        os.waitpid(child, 0)


async def relay(mutations: tuple[Mutations, ...], upstream: str, port: int, child: int) -> None:
    """Relay until SIGTERM; the server is asked to end first, and what it says then is relayed too."""
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    while True:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", int(upstream.rpartition(":")[2]))).close()
            break
        await asyncio.sleep(0.02)
    async with Relay(mutations, upstream, port=port):
        print("ready", flush=True)  # noqa: T201  (who started this process waits for the line)
        await ending.wait()
        os.kill(child, signal.SIGTERM)
        await asyncio.sleep(0.5)


def host() -> None:
    all_faults()  # imported once, before any fork
    child = 0
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        if child:
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)
            child = 0
        if "args" not in order:
            print("over", flush=True)  # noqa: T201  (as above)
            continue
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            sys.argv[1:] = order["args"]
            try:
                serve(sys.argv.pop(1))
            finally:
                sys.stdout.flush()
                os._exit(0)
    if child:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    if sys.argv[1] == "--host":
        host()
    else:
        serve(sys.argv.pop(1))

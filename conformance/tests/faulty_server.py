"""Starts the reference server with one fault in it.

faulty_server.py FAULT --conformance --port N    is one server
faulty_server.py --host                          serves one fault after another, each in a fork of this process

A host reads orders as lines of JSON: {"args": [FAULT, …]} starts a server, {"stop": true} ends it, after which the
host prints "over". FAULT may be empty: then the server is as it is.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from faults.table import all_faults
from streamops_server.cli import main


def serve(name: str) -> None:
    if name:
        all_faults()[name].apply()
    main()


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
            print("over", flush=True)
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


if __name__ == "__main__":
    if sys.argv[1] == "--host":
        host()
    else:
        serve(sys.argv.pop(1))

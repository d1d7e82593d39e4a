"""Starts the reference server with one fault in it: `faulty_server.py FAULT --conformance --port N`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from faults.table import FAULTS
from streamops_server.cli import main

if __name__ == "__main__":
    FAULTS[sys.argv.pop(1)].apply()
    main()

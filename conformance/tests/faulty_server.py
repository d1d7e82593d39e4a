"""Starts the reference server with one fault in it: `faulty_server.py FAULT --conformance --port N`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from faults.table import all_faults
from streamops_server.cli import main

if __name__ == "__main__":
    all_faults()[sys.argv.pop(1)].apply()
    main()

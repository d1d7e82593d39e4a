"""`python -m streamops_server.demo`: the server with --demo, and any further option."""

import sys

from streamops_server.cli import main

sys.argv.insert(1, "--demo")
main()

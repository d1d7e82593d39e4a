"""`python -m streamops_server.demo`: the same as `streamops-server --demo`, with any further options."""

import sys

from streamops_server.cli import main

sys.argv.insert(1, "--demo")
main()

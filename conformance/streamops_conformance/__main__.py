"""`python -m streamops_conformance` is the command `streamops`."""

from streamops_conformance.cli import main

main()

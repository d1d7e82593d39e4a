"""`python -m streamops_server`: the same as `streamops-server`."""

from streamops_server.cli import main

main()

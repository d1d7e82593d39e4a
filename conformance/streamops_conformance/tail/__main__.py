"""`python -m streamops_conformance.tail`: the command alone."""

import typer

from streamops_conformance.tail.command import tail

if __name__ == "__main__":
    typer.run(tail)

"""The table of wires: one line for each protocol that the suite knows."""

import importlib

from streamops_conformance.wires.sides import Wire

WIRES = {
    "v1": "streamops_conformance.v1.wire",
    "v0": "streamops_conformance.v0.wire",
}
"""Name, as in `--spec` → the module whose `WIRE` it is. The first is the default."""


def load_wire(spec: str) -> Wire:
    """The wire of that name. Raises ValueError for an unknown one."""
    if spec not in WIRES:
        raise ValueError(f"there is no specification {spec!r}; known are {' and '.join(WIRES)}")
    wire: Wire = importlib.import_module(WIRES[spec]).WIRE
    return wire

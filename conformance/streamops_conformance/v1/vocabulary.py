"""The words of v1 that the suite needs, from `streamops_spec`."""

from streamops_spec import load_protocol

PROTOCOL = load_protocol()
SUBPROTOCOL = PROTOCOL.subprotocol
LIFECYCLE = PROTOCOL.lifecycle_ops
"""The lifecycle operations, in the order of the protocol's table."""

"""The conformance suite of Stream Ops: a verdict on any server, judged from the wire alone."""

__version__ = "0.1.0"

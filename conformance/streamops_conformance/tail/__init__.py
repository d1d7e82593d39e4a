"""`streamops tail`: a client for a terminal, which needs only text and lifecycle of the protocol.

The suite can test it like any other client: it shares the facts (`streamops_spec`) with the suite, and no
code. `client` does no I/O; `connection`, `terminal` and `testee` do.
"""

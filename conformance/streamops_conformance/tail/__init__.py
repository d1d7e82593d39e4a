"""`streamops tail`: a client for a terminal, which needs nothing of the protocol but text and lifecycle.

It is a client under test like any other: it shares the facts (`streamops_spec`) with the suite,
and none of its code. `client` does no I/O; `connection`, `terminal` and `testee` do.
"""

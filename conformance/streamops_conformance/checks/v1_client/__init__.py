"""The checks of clients of v1; the imports give the order in which rules are asked.

What a client sends comes first, then whether it went on or closed as it had to, then what it
shows: special causes before the law, the law before events.
"""

from streamops_conformance.checks.v1_client import (  # isort: skip  # reason: the order is the order of the rules
    frames,
    violations,
    forward,
    applying,
    content,
    views,
    law,
    markers,
    events,
    connection,
    scroll,
    flow,
    resume,
    cuts,
    again,
    lost,
)
from streamops_conformance.checks.v1_client.registry import CLIENT

__all__ = [
    "CLIENT",
    "again",
    "applying",
    "connection",
    "content",
    "cuts",
    "events",
    "flow",
    "forward",
    "frames",
    "law",
    "lost",
    "markers",
    "resume",
    "scroll",
    "views",
    "violations",
]

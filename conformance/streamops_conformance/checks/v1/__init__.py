"""The checks of v1, one module for each chapter; the imports give the order in which rules are asked.

Shapes come before numbers, numbers before order, order before content: a frame is blamed for
the first of these that it breaks.
"""

from streamops_conformance.checks.v1 import (  # isort: skip  # reason: the order is the order of the rules
    frames,
    connection,
    limits,
    sequencing,
    lifecycle,
    content,
    batching,
    errors,
    cancel,
    flow,
    pressure,
    away,
    resume,
    missed,
    sessions,
    view,
    law,
    events,
    forward,
)
from streamops_conformance.checks.v1.registry import V1

__all__ = [
    "V1",
    "away",
    "batching",
    "cancel",
    "connection",
    "content",
    "errors",
    "events",
    "flow",
    "forward",
    "frames",
    "law",
    "lifecycle",
    "limits",
    "missed",
    "pressure",
    "resume",
    "sequencing",
    "sessions",
    "view",
]

"""The checks of clients of v1. The order of the imports is the order in which rules are asked.

What a client sends comes first, then whether it went on or closed as it had to, then what it
shows: special causes before the law, the law before events.
"""

from streamops_conformance.v1.client.checks import (  # isort: skip  # reason: the order is the order of the rules
    frames as frames,
    protocol_violations as protocol_violations,
    forward as forward,
    applying as applying,
    content as content,
    views as views,
    law as law,
    markers as markers,
    events as events,
    connection as connection,
    scroll as scroll,
    flow as flow,
)
from streamops_conformance.v1.client.checks.resume import (  # isort: skip  # reason: as above
    reconnect as reconnect,
    drawn_cuts as drawn_cuts,
    repeated as repeated,
    lost_sessions as lost_sessions,
)
from streamops_conformance.v1.client.checks.registry import CLIENT as CLIENT

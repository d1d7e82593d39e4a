"""The checks of v1 clients. Rules are asked in the order of these imports.

The messages of a client come first, then whether it continued or closed as required, then what it shows:
special causes before the prefix law, the law before events.
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
    reconnecting as reconnecting,
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

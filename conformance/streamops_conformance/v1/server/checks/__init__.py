"""The checks of v1 servers, one module per chapter. Rules are asked in the order of these imports.

Schemas come first, then numbers, order and content: a frame is blamed for the first rule that it breaks.
"""

from streamops_conformance.v1.server.checks import (  # isort: skip  # reason: the order is the order of the rules
    frames as frames,
    connection as connection,
    limits as limits,
    sequencing as sequencing,
    lifecycle as lifecycle,
    content as content,
    batching as batching,
    errors as errors,
    cancel as cancel,
)
from streamops_conformance.v1.server.checks.flow_control import (  # isort: skip  # reason: as above
    window as window,
    backpressure as backpressure,
)
from streamops_conformance.v1.server.checks.resume import (  # isort: skip  # reason: as above
    while_away as while_away,
    beyond_the_log as beyond_the_log,
    cursors as cursors,
    sessions as sessions,
)
from streamops_conformance.v1.server.checks import (  # isort: skip  # reason: as above
    view as view,
    law as law,
    events as events,
    forward as forward,
)
from streamops_conformance.v1.server.checks.registry import SERVER as SERVER

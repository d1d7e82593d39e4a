"""What v1 brings to the suite."""

from streamops_conformance.capture.model import Connection
from streamops_conformance.model.case import CaseSpec
from streamops_conformance.v1.capture.judge import judge_capture
from streamops_conformance.v1.client.checks import CLIENT
from streamops_conformance.v1.client.dialect import ClientDialect
from streamops_conformance.v1.client.sequence import SequenceSpec
from streamops_conformance.v1.server.checks import SERVER
from streamops_conformance.v1.server.dialect import ServerDialect
from streamops_conformance.v1.vocabulary import SUBPROTOCOL
from streamops_conformance.wires.sides import CaptureSide, ClientSide, ServerSide, Wire


def _recognizes(connection: Connection) -> bool:
    if connection.subprotocol == SUBPROTOCOL:
        return True
    for entry in connection.transcript.entries:
        if entry.type in ("hello", "welcome"):
            return True
        if entry.type == "stream":
            return "seq" in (entry.frame or {})
    return False


WIRE = Wire(
    ServerSide(SERVER, ServerDialect, CaseSpec.from_json, examples=1000),
    ClientSide(CLIENT, ClientDialect, SequenceSpec.from_json, examples=750),
    CaptureSide(_recognizes, judge_capture),
)

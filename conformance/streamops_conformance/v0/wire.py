"""What v0 brings to the suite."""

from streamops_conformance.capture.model import Connection
from streamops_conformance.model.case import CaseSpec
from streamops_conformance.v0.capture import judge_capture
from streamops_conformance.v0.client.checks.registry import CLIENT
from streamops_conformance.v0.client.dialect import ClientDialect
from streamops_conformance.v0.client.sequence import FrameSequence
from streamops_conformance.v0.server.checks.registry import SERVER
from streamops_conformance.v0.server.dialect import ServerDialect
from streamops_conformance.wires.sides import CaptureSide, ClientSide, ServerSide, Wire


def _recognizes(connection: Connection) -> bool:
    return any(
        entry.type in ("connect", "mount") or (entry.type == "stream" and "ops" in (entry.frame or {}))
        for entry in connection.transcript.entries
    )


WIRE = Wire(
    ServerSide(SERVER, ServerDialect, CaseSpec.from_json, examples=150, needs_description=True),
    ClientSide(CLIENT, ClientDialect, FrameSequence.from_json, examples=150),
    CaptureSide(_recognizes, judge_capture),
)

"""How probes resume a session: shared by the checks of chapter 11."""

from typing import Any

from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.session import Session

Frame = dict[str, Any]


async def comes_back(
    context: ProbeContext, session: Session, caps: list[str], **members: Any
) -> Frame | None:
    """The welcome of a resume; None, with a note, if the session did not continue (RES-1)."""
    before = session.id
    welcome = await session.resume(caps, **members)
    if welcome["session"] == before:
        return welcome
    context.inconclusive("the session did not continue after a lost connection")
    return None

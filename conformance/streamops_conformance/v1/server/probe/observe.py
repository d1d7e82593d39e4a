"""What a probe reads from a session."""

from typing import Any

from streamops_conformance.v1.server.session import Session

Frame = dict[str, Any]
Steps = list[Frame]


def ops_of(session: Session, name: str = "s") -> Steps:
    """All ops of a stream, in the order of arrival."""
    frames = session.transcript.frames("stream")
    return [op for frame in frames if frame["stream"] == name for op in frame["ops"]]


def in_short(ops: Steps) -> list[str]:
    """The names of ops, with the reason of a `done` and the text of a `text`."""
    return [f"{op['op']} {op.get('reason', op.get('text', ''))}".strip() for op in ops]


async def first_operation(session: Session, name: str = "s") -> None:
    """Wait for the first operation of that stream. Raises Silent."""
    await session.until(lambda _: bool(ops_of(session, name)), f"a start of {name}")


async def round_trip(session: Session) -> None:
    """Wait until the server has read everything that was sent. Raises Silent."""
    before = len(session.frames("pong"))
    await session.send({"type": "ping"})
    await session.until(lambda _: len(session.frames("pong")) > before, "a pong")


def ends_a_run(frame: Frame) -> bool:
    return any(op["op"] == "done" for op in frame.get("ops", ()))


def text_of(session: Session, name: str = "s") -> str:
    """All text that arrived on a stream, over all connections."""
    return "".join(op.get("text", "") for op in ops_of(session, name))

"""What has arrived in a session: the numbers that a client acknowledges and resumes with."""

from typing import Any

Frame = dict[str, Any]


class Receipts:
    """The cursors of streams, the version of the last view, and the number of unacknowledged frames.

    Takes all frames, also malformed ones, and judges nothing.
    """

    def __init__(self) -> None:
        self.cursors: dict[str, int] = {}
        self.version: int | None = None
        self.unacknowledged = 0
        self.ends: dict[str, list[int]] = {}
        """For each stream: the number of the last operation of each frame."""

    def take(self, frame: Frame) -> None:
        """Take over the numbers of a frame."""
        seq, n, name, version = (frame.get(member) for member in ("seq", "n", "stream", "version"))
        if frame.get("type") == "stream" and isinstance(name, str):
            if isinstance(seq, int) and isinstance(n, int):
                self.cursors[name] = seq + n - 1
                self.ends.setdefault(name, []).append(seq + n - 1)
            self.unacknowledged += 1
        elif frame.get("type") == "view":
            if isinstance(version, int):
                self.version = version
            streams = frame.get("streams")
            for listed, entry in streams.items() if isinstance(streams, dict) else ():
                if isinstance(entry, dict) and isinstance(entry.get("seq"), int):
                    self.cursors[listed] = entry["seq"]
            self.unacknowledged += 1

    def ack(self) -> Frame:
        """The `ack` frame for everything that has arrived."""
        self.unacknowledged = 0
        view = {} if self.version is None else {"view": self.version}
        return {"type": "ack", "cursors": dict(self.cursors), **view}

    def resume(self, session: str) -> Frame:
        """The member `resume` of a hello for that session id."""
        view = {} if self.version is None else {"view": self.version}
        return {"session": session, "cursors": dict(self.cursors), **view}

    def begin(self, resume: Frame | None, welcome: Frame) -> None:
        """Take over a welcome: the session continues from the cursors of `resume`, or a new one begins."""
        self.unacknowledged = 0
        if resume is None or welcome.get("session") != resume["session"]:
            self.cursors, self.version, self.ends = {}, None, {}
            return
        self.cursors, self.version = dict(resume["cursors"]), resume.get("view")
        resumed = welcome.get("resumed")
        for name, entry in resumed.items() if isinstance(resumed, dict) else ():
            if isinstance(entry, dict) and entry.get("how") == "gone" and isinstance(entry.get("seq"), int):
                self.cursors[name] = entry["seq"]

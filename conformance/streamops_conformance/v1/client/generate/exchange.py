"""One hand-written exchange: the messages that the suite sends to a client."""

import json

from streamops_conformance.model.messages import Message
from streamops_conformance.v1.client.sequence import SequenceSpec
from streamops_conformance.v1.frames import Frame

PAGE = '<div dj-stream="a" data-loading-class="busy loads"></div><div dj-stream="b"></div>'
RICH = '<ul dj-stream="a"><li id="x">1</li>t</ul><table><tbody dj-stream="b"></tbody></table><p id="y">y</p>'


def exchange(
    *messages: Frame | str, page: str = PAGE, caps: tuple[str, ...] = (), malformed: bool = False
) -> SequenceSpec:
    """A hand-written sequence; `malformed` means that a correct client must refuse its last message."""
    raw = [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in messages]
    made = tuple(Message(each, malformed and index == len(raw) - 1) for index, each in enumerate(raw))
    return SequenceSpec(caps, html=page, messages=made)

"""Chapters 1, 2 and 8: what a client sends."""

from streamops_spec import load_shapes

from streamops_conformance.model.registry import SEEN, Outcome, Wrong
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.judge import Said


@CLIENT.rule("FRM-1", "*")
def every_message_is_a_text_that_holds_one_object(said: Said) -> Outcome:
    if said.entry.frame is None:
        return Wrong("a text message that holds one JSON object", said.entry.fault)
    if not isinstance(said.frame.get("type"), str):
        return Wrong("a string member type", f"type {said.frame.get('type')!r}")
    return SEEN


@CLIENT.rule("FRM-2", "*")
def every_message_is_i_json(said: Said) -> Outcome:
    return Wrong("I-JSON", said.entry.fault) if said.entry.fault else SEEN


@CLIENT.rule("CON-16", "*")
def hello_comes_first_and_once(said: Said) -> Outcome:
    if said.first and said.entry.type != "hello":
        return Wrong("hello as the first frame", f"a {said.entry.type} frame")
    if said.entry.type == "hello":
        return Wrong("one hello", "a second hello") if said.hellos else SEEN
    return None


def _shape(said: Said, name: str) -> Outcome:
    shapes = load_shapes(f"v1:{name}")
    if shapes.is_valid(said.frame):
        return SEEN
    return Wrong(f"the shape urn:streamops:v1:{name}", shapes.explain(said.frame))


@CLIENT.rule("FRM-8", "ping", "pong")
def pings_and_pongs_have_their_shape(said: Said) -> Outcome:
    return _shape(said, said.entry.type)


@CLIENT.rule("FRM-9", "hello")
def hellos_have_their_shape(said: Said) -> Outcome:
    return _shape(said, "hello")


@CLIENT.rule("FRM-10", "event")
def events_have_their_shape(said: Said) -> Outcome:
    return _shape(said, "event")


@CLIENT.rule("FRM-11", "cancel")
def cancels_have_their_shape(said: Said) -> Outcome:
    return _shape(said, "cancel")


@CLIENT.rule("FRM-12", "ack")
def acks_have_their_shape(said: Said) -> Outcome:
    return _shape(said, "ack")


@CLIENT.rule("CON-17", "*")
def nothing_is_sent_that_was_not_agreed(said: Said) -> Outcome:
    if said.entry.type == "ack" and "ack" not in said.agreed:
        return Wrong("no ack: the welcome did not agree on it", f"{said.entry.raw[:200]!r}")
    return None if said.entry.type in ("hello", "pong") else SEEN


@CLIENT.rule("EVT-9", "event")
def refs_grow(said: Said) -> Outcome:
    if not said.refs:
        return None
    ref = said.frame["ref"]
    # After a resume unanswered events come again, perhaps behind new ones, but none of them twice.
    if ref <= said.refs[-1] and (ref in said.refs or not said.resumed):
        return Wrong(f"a ref above {said.refs[-1]}", f"ref {ref}")
    return SEEN

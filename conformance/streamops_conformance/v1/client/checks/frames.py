"""Chapters 1, 2 and 8: the frames of a client."""

from streamops_spec import load_shapes

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.client_transcript import ClientTranscript


@CLIENT.rule("FRM-1", "*")
def every_message_is_text_with_one_json_object(client: ClientTranscript) -> Outcome:
    if client.entry.frame is None:
        return Wrong("a text message that holds one JSON object", client.entry.fault)
    if not isinstance(client.frame.get("type"), str):
        return Wrong("a member type that is a string", f"type {client.frame.get('type')!r}")
    return KEPT


@CLIENT.rule("FRM-2", "*")
def every_message_is_i_json(client: ClientTranscript) -> Outcome:
    return Wrong("I-JSON", client.entry.fault) if client.entry.fault else KEPT


@CLIENT.rule("CON-16", "*")
def hello_comes_first_and_once(client: ClientTranscript) -> Outcome:
    if client.first and client.entry.type != "hello":
        return Wrong("hello as the first frame", f"a {client.entry.type} frame")
    if client.entry.type == "hello":
        return Wrong("one hello", "a second hello") if client.hellos else KEPT
    return NOT_SEEN


def _shape(client: ClientTranscript, name: str) -> Outcome:
    shapes = load_shapes(f"v1:{name}")
    if shapes.is_valid(client.frame):
        return KEPT
    return Wrong(f"a frame that matches urn:streamops:v1:{name}", shapes.explain(client.frame))


@CLIENT.rule("FRM-8", "ping", "pong")
def pings_and_pongs_match_their_schema(client: ClientTranscript) -> Outcome:
    return _shape(client, client.entry.type)


@CLIENT.rule("FRM-9", "hello")
def hellos_match_their_schema(client: ClientTranscript) -> Outcome:
    return _shape(client, "hello")


@CLIENT.rule("FRM-10", "event")
def events_match_their_schema(client: ClientTranscript) -> Outcome:
    return _shape(client, "event")


@CLIENT.rule("FRM-11", "cancel")
def cancels_match_their_schema(client: ClientTranscript) -> Outcome:
    return _shape(client, "cancel")


@CLIENT.rule("FRM-12", "ack")
def acks_match_their_schema(client: ClientTranscript) -> Outcome:
    return _shape(client, "ack")


@CLIENT.rule("CON-17", "*")
def no_ack_is_sent_without_the_capability(client: ClientTranscript) -> Outcome:
    if client.entry.type == "ack" and "ack" not in client.agreed:
        return Wrong("no ack, because the welcome did not agree on it", f"{client.entry.raw[:200]!r}")
    return NOT_SEEN if client.entry.type in ("hello", "pong") else KEPT


@CLIENT.rule("EVT-9", "event")
def refs_increase(client: ClientTranscript) -> Outcome:
    if not client.refs:
        return NOT_SEEN
    ref = client.frame["ref"]
    # After a resume, unanswered events are sent again, perhaps after new ones, but each only once.
    if ref <= client.refs[-1] and (ref in client.refs or not client.resumed):
        return Wrong(f"a ref above {client.refs[-1]}", f"ref {ref}")
    return KEPT

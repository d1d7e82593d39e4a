"""Generates the AsyncAPI 3 document from protocol.json and the schemas: `python -m streamops_spec.asyncapi`.

By default AsyncAPI reads payloads as JSON Schema draft-07, and few of its tools support a later
draft. So every definition becomes a component that uses only what draft-07 and 2020-12 share. The
shape vectors test that both give the same verdicts.
"""

import json
from pathlib import Path
from typing import Any

from streamops_spec.data import data_root
from streamops_spec.protocol import FrameKind, Protocol, load_protocol
from streamops_spec.schemas import load_schema

Json = Any  # reason: JSON values are recursive unions, which gain nothing here

CHANNEL = "streamops"
_URN = "urn:streamops:v1:"
_VERBS = {"client": "receive", "server": "send"}  # the document speaks for the server


def path() -> Path:
    """The file of the document."""
    return data_root() / "v1" / "asyncapi.json"


def text() -> str:
    """The content of that file."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def document() -> Json:
    """The document as JSON data."""
    protocol = load_protocol()
    frames = protocol.frames
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Stream Ops",
            "version": protocol.version,
            "description": "A program's live output on its way to a screen. Written from the server's side:"
            " it receives what clients send. Generated from protocol.json and the schemas of the frames.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            CHANNEL: {
                "address": None,
                "title": "The connection",
                "description": f"One WebSocket with the subprotocol {protocol.subprotocol}; each text message"
                " is one frame, a JSON object. The server chooses the address.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in frames},
                "bindings": {"ws": {"method": "GET"}},
            }
        },
        "operations": {
            f"{_VERBS[side]}_{name}": _operation(name, side, frame, protocol)
            for name, frame in frames.items()
            for side in frame.from_
        },
        "components": {
            "messages": {name: _message(name) for name in frames},
            "schemas": _components([*frames]),
        },
    }


def _operation(name: str, side: str, frame: FrameKind, protocol: Protocol) -> Json:
    operation = {
        "action": _VERBS[side],
        "channel": {"$ref": f"#/channels/{CHANNEL}"},
        "messages": [{"$ref": f"#/channels/{CHANNEL}/messages/{name}"}],
    }
    if frame.needs:
        meaning = protocol.capabilities[frame.needs]
        operation["description"] = f"Needs the capability {frame.needs}: {meaning}"
    return operation


def _message(name: str) -> Json:
    schema = load_schema(f"v1:{name}")
    return {
        "name": name,
        "title": schema["title"],
        "summary": schema["description"],
        "payload": {"$ref": f"#/components/schemas/{name}"},
    }


def _components(names: list[str]) -> Json:
    """The schemas of these names and everything they refer to; each definition becomes a component."""
    found: dict[str, Json] = {}
    waiting = list(names)
    while waiting:
        component = waiting.pop(0)
        if component in found:
            continue
        file, _, definition = component.partition(".")
        schema = load_schema(f"v1:{file}")
        schema = schema["$defs"][definition] if definition else schema
        found[component] = _plain(schema, file, waiting)
    return found


def _plain(schema: Json, file: str, referred: list[str]) -> Json:
    """The schema without what draft-07 lacks; appends the components that it refers to to `referred`."""
    if isinstance(schema, list):
        return [_plain(item, file, referred) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain: dict[str, Json] = {}
    for key, value in schema.items():
        if key in ("$schema", "$id", "$defs"):
            continue
        if key in ("const", "enum", "examples", "default"):
            plain[key] = value
        elif key == "dependentRequired":
            plain["dependencies"] = value
        elif key == "$ref":
            component = _component_of(value, file)
            referred.append(component)
            plain[key] = f"#/components/schemas/{component}"
        else:
            plain[key] = _plain(value, file, referred)
    if "$ref" in plain and len(plain) > 1:  # draft-07 ignores the siblings of a $ref
        plain["allOf"] = [{"$ref": plain.pop("$ref")}, *plain.pop("allOf", [])]
    return plain


def _component_of(reference: str, file: str) -> str:
    """The component of a reference: `common.code` for `urn:streamops:v1:common#/$defs/code`.

    A reference without a URI, such as `#/$defs/code`, is resolved within `file`.
    """
    uri, _, pointer = reference.partition("#/$defs/")
    owner = uri.removeprefix(_URN) or file
    return f"{owner}.{pointer}" if pointer else owner


if __name__ == "__main__":
    path().write_text(text(), encoding="utf-8")

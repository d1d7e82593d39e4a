"""Answers ANSWERS hellos and events, then nothing: `wedged_server.py ANSWERS --port N`."""

import asyncio
import json
import sys

from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

left = [None] * int(sys.argv[1])
LIMITS = {
    "max_frame_bytes": 65536,
    "max_streams": 8,
    "max_text_bytes": 8192,
    "max_fps": 60,
    "max_events": 8,
    "cancel_ms": 0,
}


async def answer(socket: ServerConnection) -> None:
    async for message in socket:
        frame = json.loads(message)
        if not left:
            continue
        left.pop()
        if frame["type"] == "hello":
            caps = ["x-conformance"]
            welcome = {"type": "welcome", "session": "x" * 22, "caps": caps, "limits": LIMITS}
            await socket.send(json.dumps({**welcome, "heartbeat_ms": 60000}))
        elif frame["type"] == "event":
            await socket.send(json.dumps({"type": "reply", "ref": frame["ref"], "ok": True}))


async def main() -> None:
    async with serve(answer, "127.0.0.1", int(sys.argv[-1]), subprotocols=[Subprotocol("streamops.v1")]):
        print("ready", flush=True)
        await asyncio.get_running_loop().create_future()


asyncio.run(main())

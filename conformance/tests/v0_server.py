"""A small v0 server that meets its requirements, and faults that break each of them.

Its frames differ from those of djust on purpose: the suite knows them only from `TABLES`.
"""

import asyncio
import contextlib
import html as html_lib
import json
import threading

import websockets.asyncio.server
import websockets.exceptions

WINDOW = 0.005
NESTED = '<div class="row"><div>{value}</div></div><p>tail</p>'
TABLES = {
    "handshake": {"send": {"type": "join"}, "expect": {"type": "joined"}},
    "mount": {"send": {"type": "open", "state": "{vars}"}, "expect": {"type": "opened"}, "repeatable": True},
    "event": {"send": {"type": "call", "id": "{ref}", "steps": "{script}"}},
    "reply": {"ok": [{"type": "returned", "id": "{ref}"}], "failed": [{"type": "raised"}]},
    "quiet": {"fence": [{"do": "sleep_ms", "ms": 12}]},
    "nested": {"stream": "nested", "html": NESTED},
}


class V0Server:
    """Serves on a free port in its own thread; use it with `with`."""

    def __init__(self, fault=""):
        self.fault = fault
        self.url = ""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _serve(self):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with websockets.asyncio.server.serve(
            self._connection, "127.0.0.1", 0, compression=None, close_timeout=0.1
        ) as server:
            self.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            self._ready.set()
            await self._stop.wait()

    async def _connection(self, socket):
        with contextlib.suppress(websockets.exceptions.ConnectionClosed):
            await self._talk(socket)

    async def _talk(self, socket):
        async for message in socket:
            frame = json.loads(message)
            if frame["type"] == "join":
                await socket.send('{"type": "joined"}')
            elif frame["type"] == "open":
                view = View(socket, self.fault, frame["state"])
                await socket.send('{"type": "opened"}')
            elif self.fault == "limits the rate":
                await socket.send('{"type": "slower"}')
            elif self.fault != "answers nothing":
                await self._event(socket, view, frame)

    async def _event(self, socket, view, frame):
        try:
            await view.run(frame["steps"])
            for name in sorted(view.opened):
                view.put(name, {"op": "done"})
            view.opened.clear()
        except ValueError:
            await socket.send('{"type": "raised"}')
        else:
            await socket.send(json.dumps({"type": "returned", "id": frame["id"]}))


class View:
    """Batches the calls of each window in their order, and merges appended texts."""

    def __init__(self, socket, fault, variables):
        self.socket, self.fault, self.variables = socket, fault, variables
        self.first = dict(variables)
        self.waiting = []
        self.opened = set()  # runs that "adds lifecycle" must end
        self.timer = None

    async def run(self, steps):
        for step in steps:
            if step["do"] == "sleep_ms":
                await asyncio.sleep(step["ms"] / 1000)
            elif step["do"] == "set":
                self.variables[step["var"]] = step["value"]
            elif step["do"] == "parallel":
                await asyncio.gather(*(self.run(branch) for branch in step["branches"]))
            else:
                await self.call(step)

    async def call(self, step):
        name, do = step["stream"], step["do"]
        op = {"op": do, "target": step.get("target", f"[dj-stream='{name}']")}
        if do == "text":
            op |= {"text": step["text"], "mode": step.get("mode", "append")}
        elif do == "replace":
            op |= {"html": step["html"]}
        elif do == "insert":
            op |= {"op": step.get("at", "append"), "html": step["html"]}
        elif do == "stream_to":
            op |= {"op": "replace", "html": self.render(name)}
        elif do == "error":
            op |= {"error": step["error"]}
        for each in FAULTS.get(self.fault, lambda view, name, op: [op])(self, name, op):
            if each == "now":
                await self.flush()
            elif each == "close":
                await self.socket.close(1011)
            elif isinstance(each, str):
                await self.socket.send(each)
            else:
                self.put(name, each)
        if self.fault == "one by one":
            await self.flush()

    def render(self, name):
        value = html_lib.escape(
            (self.first if self.fault == "renders an old state" else self.variables)[name]
        )
        html = NESTED.replace("{value}", value) if name == "nested" else value
        return html[: html.find("</div>")] if self.fault == "cuts markup" and "</div>" in html else html

    def put(self, name, op):
        op.setdefault("target", f"[dj-stream='{name}']")
        last = self.waiting[-1] if self.waiting else None
        merge = last is not None and last[0] == name and {last[1]["op"], op["op"]} == {"text"}
        if self.fault == "keeps the last token" and merge:
            self.waiting[-1] = (name, op)
        elif merge and last[1]["mode"] == op["mode"] == "append" and last[1]["target"] == op["target"]:
            last[1]["text"] += op["text"]
        else:
            self.waiting.append((name, op))
        if self.timer is None:
            self.timer = asyncio.create_task(self.later())

    async def later(self):
        await asyncio.sleep(WINDOW)
        self.timer = None
        with contextlib.suppress(websockets.exceptions.ConnectionClosed):
            await self.flush()

    async def flush(self):
        waiting, self.waiting = self.waiting, []
        first = [(name, op["op"]) for name, op in waiting[:2]]
        if self.fault == "swaps" and len(set(first)) == 1 and first[0][1] in ("text", "append"):
            waiting[:2] = waiting[1::-1]
        for name, op in waiting:
            ops = op if self.fault == "ops is not a list" else [op]
            await self.socket.send(json.dumps({"type": "stream", "stream": name, "ops": ops}))


def at_once(*kinds):
    """Send these ops without waiting for earlier ones."""

    def fault(view, name, op):
        if op["op"] in kinds:
            op = {**op, "target": f"[dj-stream='{name}']"}
            return [json.dumps({"type": "stream", "stream": name, "ops": [op]})]
        return [op]

    return fault


def instead(made, **members):
    """Replace ops that have these members with the result of `made`."""

    def fault(view, name, op):
        return made(op) if members.items() <= op.items() else [op]

    return fault


def refuse(op):
    raise ValueError(op)


def drop_others(view, name, op):
    view.waiting = [each for each in view.waiting if each[0] == name]
    return [op]


def drop_replacement(view, name, op):
    last = view.waiting[-1] if view.waiting else ("", {"op": ""})
    if op["op"] == "text" and (last[0], last[1]["op"]) == (name, "replace"):
        view.waiting.pop()
    return [op]


def start_late(view, name, op):
    """A start waits until the next text."""
    if op["op"] == "start":
        view.held = op
        return []
    held = view.__dict__.pop("held", None)
    return [op] if held is None else [op, held] if op["op"] == "text" else [held, op]


def text_twice(view, name, op):
    again = op["op"] == "text" and any(each == name for each, _ in view.waiting)
    return [dict(op), "now", dict(op)] if again else [op]


def lifecycle(view, name, op):
    """Not a fault: v0 does not forbid lifecycle ops that the server adds."""
    if op["op"] == "done":
        view.opened.discard(name)
        return [op]
    new = name not in view.opened and op["op"] != "start"
    again = name in view.opened and op["op"] == "start"
    view.opened.add(name)
    return [{"op": "done"}, op] if again else [{"op": "start"}, op] if new else [op]


def clear(op):
    return [op, {"op": "text", "text": "", "mode": "replace"}]


FAULTS = {
    "adds lifecycle": lifecycle,
    "done overtakes": at_once("done"),
    "error overtakes": at_once("error"),
    "start is late": start_late,
    "two streams share a slot": drop_others,
    "text drops a replacement": drop_replacement,
    "text twice": text_twice,
    "prepend appends": instead(lambda op: [{**op, "mode": "append"}], mode="prepend"),
    "replaced text stays": instead(lambda op: [{**op, "mode": "append"}], mode="replace"),
    "replace appends": instead(lambda op: [{**op, "op": "append"}], op="replace"),
    "insert raises": instead(refuse, op="append"),
    "insert at the wrong end": instead(lambda op: [{**op, "op": "append"}], op="prepend"),
    "insert closes": instead(lambda op: ["close"], op="append"),
    "delete raises": instead(refuse, op="delete"),
    "delete does nothing": instead(lambda op: [], op="delete"),
    "no done": instead(lambda op: [], op="done"),
    "no start": instead(lambda op: [], op="start"),
    "no error": instead(lambda op: [], op="error"),
    "error clears": instead(clear, op="error"),
    "error is content": instead(
        lambda op: [{"op": "text", "text": op["error"], "mode": "append"}], op="error"
    ),
    "sends a list": instead(lambda op: ["[1]", op], op="text"),
    "a type that is a number": instead(lambda op: ['{"type": 1}', op], op="text"),
}

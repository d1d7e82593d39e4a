"""What an HTTP upgrade is answered: subprotocols, origins, extensions."""

import asyncio
import http.client
import json
from typing import Any

import pytest
from streamops_server import View
from websockets.exceptions import InvalidStatus


class Nothing(View):
    template = ""


def test_the_handshake_of_http(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Nothing) as connect:
            server = connect.server
            answer = await asyncio.to_thread(refused, server.port, {"Sec-WebSocket-Protocol": "other"})
            assert answer[0] == 400
            assert json.loads(answer[1])["supported"] == ["streamops.v1"]
            assert (await asyncio.to_thread(refused, server.port, {}))[0] == 400
            with pytest.raises(InvalidStatus) as caught:
                async with connect(origin="https://elsewhere.example"):
                    pass
            assert caught.value.response.status_code == 403
            for origin in ("http://[", "http://[v]/", "null", "", "http://"):
                headers = {"Sec-WebSocket-Protocol": "streamops.v1", "Origin": origin}
                assert (await asyncio.to_thread(refused, server.port, headers))[0] == 403, origin
            own = f"http://127.0.0.1:{server.port}"
            with pytest.raises(InvalidStatus) as caught:  # one that is allowed excuses no other
                async with connect(origin=own, additional_headers={"Origin": "https://elsewhere.example"}):
                    pass
            assert caught.value.response.status_code == 403
            async with connect(origin=own) as client:
                assert client.socket.subprotocol == "streamops.v1"
                assert client.socket.protocol.extensions == []

        async with serve(Nothing, origins=["https://elsewhere.example"], host="::1") as connect:
            async with connect(origin="https://elsewhere.example") as client:
                await client.hello("Nothing")
            assert "[::1]" in connect.server.url

    go(whole())


def refused(port: int, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    upgrade = {
        "Upgrade": "websocket", "Connection": "Upgrade",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version": "13",
    }  # fmt: skip
    connection.request("GET", "/", headers=upgrade | headers)
    response = connection.getresponse()
    found = response.status, response.read()
    connection.close()
    return found

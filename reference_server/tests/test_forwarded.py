"""From where browsers may connect: the server's own host, seen through the proxies that are trusted."""

import logging
from typing import Any

import pytest
from streamops_server import Request, View
from streamops_server.forwarded import Seen, is_same_origin, networks, seen
from websockets.exceptions import InvalidStatus

PROXY = "10.0.0.1"
TRUSTED = networks(["10.0.0.0/8", "::1", "2001:db8::/32"])


@pytest.mark.parametrize(
    ("peer", "headers", "host", "scheme", "client"),
    [
        # The older headers, of one proxy.
        (PROXY, {"x-forwarded-host": ["a.example"]}, "a.example", "", PROXY),
        (PROXY, {"x-forwarded-host": ["a.example"], "x-forwarded-proto": ["HTTPS"]}, "a.example", "https", PROXY),
        (PROXY, {"x-forwarded-host": ["a.example"], "x-forwarded-port": ["8443"]}, "a.example:8443", "", PROXY),
        (PROXY, {"x-forwarded-host": ["a.example:1"], "x-forwarded-port": ["2"]}, "a.example:1", "", PROXY),
        # Some proxies name the scheme of the upgrade.
        (PROXY, {"x-forwarded-host": ["a.example"], "x-forwarded-proto": ["wss"]}, "a.example", "https", PROXY),
        (PROXY, {"x-forwarded-host": ["a.example"], "x-forwarded-proto": ["ws"]}, "a.example", "http", PROXY),
        (PROXY, {"forwarded": ["host=a.example;proto=WSS"]}, "a.example", "https", PROXY),
        (PROXY, {"x-forwarded-for": ["1.2.3.4"]}, "up", "", "1.2.3.4"),
        (PROXY, {"x-forwarded-for": ["2001:db9::7"]}, "up", "", "2001:db9::7"),
        # Several values: only what trusted proxies added counts.
        (PROXY, {"x-forwarded-for": ["6.6.6.6, 1.2.3.4"]}, "up", "", "1.2.3.4"),
        (PROXY, {"x-forwarded-for": ["6.6.6.6, 1.2.3.4", "10.0.0.2"]}, "up", "", "1.2.3.4"),
        (
            PROXY,
            {"x-forwarded-for": ["1.2.3.4, 10.0.0.2"], "x-forwarded-host": ["a.example, inner"]},
            "a.example", "", "1.2.3.4",
        ),
        (
            PROXY,
            {"x-forwarded-for": ["6.6.6.6, 1.2.3.4"], "x-forwarded-host": ["evil.example, a.example"]},
            "a.example", "", "1.2.3.4",
        ),
        # RFC 7239.
        (PROXY, {"forwarded": ["host=a.example;proto=https;for=1.2.3.4"]}, "a.example", "https", "1.2.3.4"),
        (PROXY, {"forwarded": ['for="[2001:db9::7]:4711" ; Host="a.example:8443"']}, "a.example:8443", "", "2001:db9::7"),
        (PROXY, {"forwarded": ["for=6.6.6.6;host=evil.example, for=1.2.3.4;host=a.example"]}, "a.example", "", "1.2.3.4"),
        (PROXY, {"forwarded": ["for=1.2.3.4;host=a.example", "for=10.0.0.2;host=inner"]}, "a.example", "", "1.2.3.4"),
        (PROXY, {"forwarded": ["for=1.2.3.4;host=a.example, for=10.0.0.2"]}, "a.example", "", "1.2.3.4"),
        (PROXY, {"forwarded": ["for=unknown;host=a.example"]}, "a.example", "", PROXY),
        (PROXY, {"forwarded": ["for=_hidden;proto=http"]}, "up", "http", PROXY),
        (PROXY, {"forwarded": ['for="1.2.3.4:99";host="a\\.example"']}, "a.example", "", "1.2.3.4"),
        (PROXY, {"forwarded": ["for=1.2.3.4;host=a.example"], "x-forwarded-host": ["b.example"]}, "a.example", "", "1.2.3.4"),
        # What is malformed counts for nothing, nor what stands before it.
        (PROXY, {"forwarded": ['host="open, for=1.2.3.4;host=a.example']}, "a.example", "", "1.2.3.4"),
        (PROXY, {"forwarded": ["host=a.example; ;;"]}, "up", "", PROXY),
        (PROXY, {"forwarded": [""]}, "up", "", PROXY),
        (PROXY, {"x-forwarded-for": ["nonsense"], "x-forwarded-host": [" "]}, "up", "", PROXY),
        # Other peers.
        ("::1", {"x-forwarded-host": ["a.example"]}, "a.example", "", "::1"),
        ("::ffff:10.0.0.9", {"x-forwarded-host": ["a.example"]}, "a.example", "", "::ffff:10.0.0.9"),
        ("2001:db8::5%eth0", {"x-forwarded-host": ["a.example"]}, "a.example", "", "2001:db8::5%eth0"),
        ("2001:db9::5", {"x-forwarded-host": ["a.example"]}, "up", "", "2001:db9::5"),
        ("192.0.2.7", {"x-forwarded-host": ["a.example"], "forwarded": ["host=b.example"]}, "up", "", "192.0.2.7"),
        ("", {"x-forwarded-host": ["a.example"]}, "up", "", ""),
    ],
)  # fmt: skip
def test_what_a_proxy_says_counts_as_far_as_it_is_trusted(
    peer: str, headers: dict[str, list[str]], host: str, scheme: str, client: str
) -> None:
    assert seen(peer, {"host": ["up"], **headers}, TRUSTED) == Seen(host, scheme, client)
    assert seen(peer, {"host": ["up"], **headers}, ()) == Seen("up", "", peer)


@pytest.mark.parametrize(
    ("origin", "host", "scheme", "same"),
    [
        ("http://a.example", "a.example", "", True),
        ("https://A.example", "a.EXAMPLE", "", True),
        ("https://a.example", "a.example:443", "", True),
        ("https://a.example:443", "a.example", "https", True),
        ("http://a.example", "a.example:443", "", False),
        ("http://a.example", "a.example", "https", False),
        ("https://a.example", "a.example", "http", False),
        ("http://a.example:8080", "a.example:8080", "", True),
        ("http://a.example:8080", "a.example", "", False),
        ("http://[::1]:8080", "[::1]:8080", "", True),
        ("http://[::1]", "[::1]:80", "http", True),
        ("http://[::1]", "[::2]", "", False),
        ("null", "a.example", "", False),
        ("http://", "", "", False),
        ("http://[", "a.example", "", False),
        ("http://a.example.evil", "a.example", "", False),
        ("http://a.example@evil", "evil", "", False),
    ],
)
def test_an_origin_is_the_servers_own_if_host_port_and_scheme_are(
    origin: str, host: str, scheme: str, same: bool
) -> None:
    assert is_same_origin(origin, Seen(host, scheme, "")) is same


@pytest.mark.parametrize("text", ["nginx", "10.0.0.0/33", "", "10.0.0"])
def test_a_proxy_that_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="an IP address or a network"):
        networks([text])


class Who(View):
    template = "<p dj-stream='a'>{{ client }}</p>"

    def mount(self, request: Request, /) -> None:
        self.client = request.client


@pytest.mark.parametrize(
    ("trusted", "allowed"), [([], False), (["127.0.0.0/8"], True), (["192.0.2.1"], False), (["::1"], False)]
)
def test_a_host_that_a_proxy_rewrote_is_known_from_a_trusted_one(
    trusted: list[str], allowed: bool, serve: Any, go: Any, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"X-Forwarded-Host": "shop.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "1.2.3.4"}

    async def run() -> None:
        async with serve(Who, trusted_proxies=trusted) as connect:
            arguments = {"origin": "https://shop.example", "additional_headers": headers}
            if not allowed:
                for _ in range(3):
                    with pytest.raises(InvalidStatus, match="403"):
                        await connect(**arguments).__aenter__()
                return
            async with connect(**arguments) as client:
                await client.hello("Who", ["view"])
                assert "1.2.3.4" in (await client.receive())["html"]

    with caplog.at_level(logging.WARNING):
        go(run())
    records = [record.getMessage() for record in caplog.records]
    assert len(records) == (not allowed)  # once, however often that page comes
    if not allowed:
        assert "'https://shop.example'" in records[0]
        assert "--origin https://shop.example" in records[0]
        assert "--trusted-proxy and the proxy's address (here 127.0.0.1)" in records[0]


def test_each_refused_origin_is_logged_once_and_none_fills_the_log(
    serve: Any, go: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with serve(Who) as connect:
            for number in range(3):
                for origin in (
                    f"https://{number}.example",
                    "https://\x1b[31m.example" if number < 0 else "null",
                ):
                    with pytest.raises(InvalidStatus):
                        await connect(origin=origin).__aenter__()
            origins = connect.server._origins
            for number in range(1000):
                assert not origins.allow([f"https://many{number}.example\n{'x' * 1000}"], Seen("up", "", ""))

    with caplog.at_level(logging.WARNING):
        go(run())
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 100
    assert len({message.split("'")[1] for message in messages}) == 100
    assert all("\n" not in message and len(message) < 1000 for message in messages)

"""What a reverse proxy says of the request that it passed on (RFC 7239, and the headers before it).

Rule 1: nothing counts that does not come from a trusted address. Each proxy adds its own word at the
end, so the words are read from the end, as far as trusted proxies made them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

Network = IPv4Network | IPv6Network
_PAIR = re.compile(r"""\s*([!#$%&'*+.^_`|~\w-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s",;]*)\s*(;|,|$)""", re.ASCII)
_PORTS = {"http": "80", "https": "443"}
_PAGE_SCHEMES = {"ws": "http", "wss": "https"}
"""What some proxies say of an upgrade → the scheme of the pages of the same host."""


class Seen(NamedTuple):
    """A request as the client made it. Empty: not known."""

    host: str
    """Host, and port if there is one."""
    scheme: str
    """`http` or `https`; empty without a trusted proxy that says it."""
    client: str
    """The client's address."""


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks, as `10.0.0.0/8` or `::1`. Raises ValueError for what is neither."""
    try:
        return tuple(ip_network(text.strip(), strict=False) for text in texts)
    except ValueError as error:
        raise ValueError(
            f"{error}; a trusted proxy is an IP address or a network, such as 10.0.0.0/8"
        ) from None


def seen(peer: str, headers: Mapping[str, Sequence[str]], trusted: Sequence[Network]) -> Seen:
    """The request as its client made it; `peer` is the address of the connection's other end.

    `headers` are lists of values by lower-case names. Without a trusted `peer`, its `Host` is the host.
    """
    host = ",".join(headers.get("host", ()))
    if not _is_trusted(peer, trusted):
        return Seen(host, "", peer)
    said = _elements(",".join(headers["forwarded"])) if headers.get("forwarded") else _older(headers)
    scheme, client = "", peer
    for word in reversed(said):
        host = word.get("host") or host
        scheme = word.get("proto", scheme).lower()
        scheme = _PAGE_SCHEMES.get(scheme, scheme)
        client = _address(word.get("for", "")) or client
        if not _is_trusted(client, trusted):
            break
    return Seen(host, scheme, client)


def is_same_origin(origin: str, request: Seen) -> bool:
    """Whether a page of `origin` came from the host that `request` was made to."""
    scheme, colon, authority = origin.partition("://")
    scheme = scheme.lower()
    if not colon or not authority or not request.host or request.scheme not in ("", scheme):
        return False
    return _with_port(authority, scheme) == _with_port(request.host, scheme)


def _with_port(authority: str, scheme: str) -> str:
    host = authority.lower()
    has_port = re.search(r":\d+$", host) is not None and not host.endswith("]")
    return host if has_port else f"{host}:{_PORTS.get(scheme, '')}"


def _elements(text: str) -> list[dict[str, str]]:
    """The elements of `Forwarded`; after what is malformed, only those behind it count."""
    found: list[dict[str, str]] = [{}]
    at = 0
    while at < len(text):
        pair = _PAIR.match(text, at)
        if pair is None:
            comma = text.find(",", at)
            if comma < 0:
                return []
            found, at = [{}], comma + 1
            continue
        value = pair[2]
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        found[-1][pair[1].lower()] = value
        if pair[3] == ",":
            found.append({})
        at = pair.end()
    return found


def _older(headers: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """The `X-Forwarded-…` headers as elements. A list that is shorter than another ends with it."""
    lists = {
        name: [value.strip() for value in ",".join(headers.get(f"x-forwarded-{name}", ())).split(",")]
        for name in ("for", "host", "proto", "port")
    }
    found: list[dict[str, str]] = []
    for index in range(max(len(values) for values in lists.values())):
        found.insert(0, {name: values[-1 - index] for name, values in lists.items() if index < len(values)})
    for word in found:
        port = word.pop("port", "")
        if port.isdecimal() and word.get("host") and not re.search(r":\d+$", word["host"]):
            word["host"] += f":{port}"
    return [{name: value for name, value in word.items() if value} for word in found]


def _address(node: str) -> str:
    """The address of a `for`, without its port; empty for `unknown` and hidden names."""
    bracketed = re.fullmatch(r"\[([^]]+)\](?::\w+)?", node)
    if bracketed:
        node = bracketed[1]
    elif node.count(":") == 1:
        node = node.partition(":")[0]
    return node if _parsed(node) is not None else ""


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in trusted)

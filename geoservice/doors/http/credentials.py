"""Where a request carries its key, and whether a page of another site may have sent it.

A key comes by `Authorization: Basic` (as the password, or as the user name without one), by
`Authorization: Bearer`, by `X-API-Key`, or by the parameter `apikey`: every client can do one of
these. Browsers send what they have stored for a site whoever makes them ask, so a change that a
page of another site asks for is refused, whatever key comes with it.
"""

import base64
import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from geoservice.errors import SeveralKeys, WrongKey

PARAMETER = "apikey"
HEADER = "X-API-Key"
CHALLENGE = 'Basic realm="geoservice", charset="UTF-8"'
"""`WWW-Authenticate` of RFC 7617: a browser then asks for the key itself."""

VARIES_BY = f"Authorization, {HEADER}"


def given_key(headers: Headers, parameter: str | None) -> str | None:
    """The key that a request carries; None if it carries none.

    Raises `SeveralKeys` if it carries different ones, `WrongKey` if what it carries is no key.
    """
    found = list(_given(headers, parameter))
    if len({key for _, key in found}) > 1:
        raise SeveralKeys(places=list(dict.fromkeys(place for place, _ in found)))
    if not found:
        return None
    key = found[0][1]
    if not key:
        raise WrongKey
    return key


def may_carry_key(scope: Mapping[str, Any]) -> bool:
    """Whether a request looks as if it carries a key, right or wrong; cheap, and never too few."""
    names = (b"authorization", HEADER.lower().encode())
    in_query = b"%" in scope["query_string"] or PARAMETER.encode() in scope["query_string"].lower()
    return in_query or any(name in names for name, _ in scope["headers"])


def _given(headers: Headers, parameter: str | None) -> Iterator[tuple[str, str]]:
    for value in headers.getlist("authorization"):
        yield "Authorization", _authorized(value)
    for value in headers.getlist(HEADER):
        yield HEADER, value.strip()
    if parameter is not None:
        yield PARAMETER, parameter


def _authorized(value: str) -> str:
    scheme, _, rest = value.strip().partition(" ")
    match scheme.lower():
        case "bearer":
            return rest.strip()
        case "basic":
            return _password(rest.strip())
    raise WrongKey


def _password(encoded: str) -> str:
    """The password of RFC 7617, or the user name if the password is empty."""
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except ValueError as wrong:
        raise WrongKey from wrong
    name, colon, password = text.partition(":")
    if not colon:
        raise WrongKey
    return password or name


READING = ("GET", "HEAD", "OPTIONS")


def foreign_page(method: str, headers: Headers, own_origins: frozenset[str]) -> str | None:
    """The site whose page has sent a request; None if it is ours, or no page at all.

    Every browser tells the origin of what may change something, and of what a script will read. What
    is read without an origin no script gets: it is a link that somebody follows.
    """
    origin = headers.get("origin")
    if origin is not None:
        return None if origin in own_origins else origin
    site = headers.get("sec-fetch-site", "none")
    return None if method in READING or site in ("none", "same-origin") else site


def is_trusted_host(host: str, public_host: str | None) -> bool:
    """Whether a `Host` cannot have been pointed here by somebody else's name server.

    That is so for addresses, for this machine's own name, and for the name in the settings.
    """
    name = hostname(f"//{host}")
    if name in ("localhost", public_host):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def origin(address: str) -> str:
    """The origin of an address as browsers write it: scheme, host, and a port that is not the usual."""
    parts = urlsplit(address)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def hostname(address: str) -> str:
    """The host of an address without its port; empty if there is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""

"""Addresses of services: what one may be, whose it is, and how parameters are written into it.

Knows no HTTP, and asks nothing.
"""

import ipaddress
from collections.abc import Mapping
from datetime import date
from urllib.parse import quote, urlencode, urlsplit

from geoservice.client.errors import BadAddress
from geoservice.languages import Language, Text

Parameters = Mapping[str, object]


def origin(address: str) -> str:
    """Scheme, host and port of an address, the usual port left out (RFC 6454)."""
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def is_loopback(address: str) -> bool:
    """Whether an address is on this very machine."""
    host = urlsplit(address).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_address(address: str, language: Language) -> str:
    """The address of a service without its last slash.

    Raises:
        BadAddress: it is not one, or carries a user, a key or parameters; these are not repeated.
    """
    reason = None
    try:
        parts = urlsplit(address.strip())
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        reason = Text(
            zh="不是网址；形如 https://gis.example.cn。",
            en="it is no address; one looks like https://gis.example.cn.",
        )
    elif parts.username is not None or parts.query or parts.fragment:
        shown = f"{origin(address.strip())}{parts.path}"
        reason = Text(
            zh="地址中不应有用户名、密钥或参数；密钥请用 key= 或 GEOSERVICE_KEY 给出。",
            en="a user, a key or parameters do not belong in it; give a key by key= or GEOSERVICE_KEY.",
        )
        raise BadAddress(language, value=shown, reason=reason)
    if reason is not None:
        raise BadAddress(language, value=address, reason=reason)
    return address.strip().rstrip("/")


def query_text(parameters: Parameters) -> str:
    """Parameters as a query string: None left out, lists comma separated, times as ISO 8601."""
    given = {name: _text(value) for name, value in parameters.items() if value is not None}
    return urlencode(given, quote_via=quote, safe=",:/")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):  # and every datetime
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(_text(each) for each in value)
    return str(value)

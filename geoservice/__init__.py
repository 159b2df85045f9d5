"""A city's natural-resources registers, and spatial questions over them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from geoservice.client import Client

__all__ = ["__version__", "connect"]

__version__ = "0.1.0"


def connect(
    address: str | None = None,
    *,
    lang: Literal["zh", "en"] | None = None,
    key: str | None = None,
    timeout_s: float = 60,
    cache: Literal["session", "disk", "off"] = "session",
    progress: bool | Callable[[str, int, int | None], None] | None = None,
) -> "Client":
    """A client of a service, or of a database in this process.

    Args:
        address: `https://…` of a service; `postgresql://…` of a database that this process then
            serves to itself; None for the service that `GEOSERVICE_URL` names, else for this
            machine's own database.
        lang: the language of titles and messages; by default that of the environment (`GEOSERVICE_LANG`,
            `LC_ALL`, `LANG`), else Chinese.
        key: whose rights count; by default that of `GEOSERVICE_KEY` or of the keyring, else those
            of everybody.
        timeout_s: how long the service may be silent, in seconds.
        cache: where answers are kept to be asked for again: in memory ("session"), on disk
            ("disk": only what everybody may read), nowhere ("off").
        progress: True shows bars, False none; None shows them where somebody looks on. A function
            is told what is done, how much, and the whole if known.

    Raises:
        BadAddress, NotAGeoservice, ConnectionFailed, TimedOut: see `geoservice.client.errors`.
    """
    import os

    from geoservice.client import Client, Connection, credentials
    from geoservice.languages import environment_language

    language = lang or environment_language(os.environ)
    wanted = address or os.environ.get(credentials.ADDRESS_VARIABLE)
    transport = None
    if wanted is not None and wanted.partition("://")[0].lower() in ("http", "https"):
        key = credentials.key_for(wanted, key)
    else:
        from geoservice.doors.in_process import opened

        wanted, transport, _ = opened(wanted, language)
    connection = Connection(
        wanted,
        language=language,
        key=key,
        timeout_s=timeout_s,
        cache=cache,
        progress=progress,
        transport=transport,
    )
    return Client(connection)

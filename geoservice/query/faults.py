"""How a mistake in a filter is told."""

from geoservice.errors import BadFilter, FilterTooComplex
from geoservice.languages import Text

_SHOWN_CHARACTERS = 60


def bad(zh: str, en: str, **parts: object) -> BadFilter:
    """A mistake in a filter, in both languages."""
    return BadFilter(reason=Text(zh=zh, en=en), **parts)


def shown(value: object) -> str:
    """A value of the caller, short enough for a message."""
    text = str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"


def require_at_most(limit_name: str, limit: int, actual: int) -> None:
    """Refuse what is beyond a limit."""
    if actual > limit:
        raise FilterTooComplex(limit_name=limit_name, limit=limit, actual=actual)

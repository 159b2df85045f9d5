"""Which of the offered representations a client gets: `f=` decides, else `Accept`."""

from collections.abc import Sequence
from dataclasses import dataclass

from geoservice.doors.http.asked import Asked
from geoservice.errors import NotAcceptable, UnknownFormat
from geoservice.languages import Text

_LONGEST_ACCEPT = 4096


@dataclass(frozen=True)
class Representation:
    """One representation: its name in `f=`, its media type as it is sent, other names for it."""

    id: str
    media_type: str
    title: Text
    also: tuple[str, ...] = ()

    @property
    def bare_type(self) -> str:
        """The media type without parameters."""
        return self.media_type.partition(";")[0]


JSON = Representation("json", "application/json", Text(zh="JSON 文档", en="as JSON"))
HTML = Representation("html", "text/html; charset=utf-8", Text(zh="网页", en="as a page"))
SCHEMA = Representation(
    "schema", "application/schema+json", Text(zh="JSON Schema 文档", en="as JSON Schema")
)


def chosen(asked: Asked, offered: Sequence[Representation]) -> Representation:
    """The representation that the client wants; the first one if it has no wish.

    Raises `UnknownFormat` for an `f` that is not offered, `NotAcceptable` for an `Accept` that
    leaves nothing. A header that is no list of media types is no wish.
    """
    wanted = asked.parameters.get("f")
    if wanted is not None:
        for each in offered:
            if wanted == each.id or wanted in each.also:
                return each
        raise UnknownFormat(name="f", value=wanted, allowed=[each.id for each in offered])
    accept = asked.headers.get("accept")
    if not accept or accept == "*/*" or len(accept) > _LONGEST_ACCEPT:
        return offered[0]
    ranges = _ranges(accept)
    if not ranges:
        return offered[0]
    best = max(
        ((_quality(each, ranges), -number) for number, each in enumerate(offered)),
        default=((0.0, 0), 0),
    )
    (quality, _), position = best
    if quality <= 0:
        allowed = list(dict.fromkeys(each.bare_type for each in offered))
        raise NotAcceptable(name="Accept", value=accept, allowed=allowed)
    return offered[-position]


def _ranges(accept: str) -> dict[str, float]:
    """Media ranges with their weights; what cannot be read is left out."""
    found: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        kind, slash, sub = name.lower().partition("/")
        if not (kind and slash and sub):
            continue
        weight = next((p[2:] for p in parameters if p.lower().startswith("q=")), "1")
        try:
            found.setdefault(f"{kind}/{sub}", min(max(float(weight), 0.0), 1.0))
        except ValueError:
            continue
    return found


def _quality(offer: Representation, ranges: dict[str, float]) -> tuple[float, int]:
    """How much a representation is wanted, and how exactly it was named."""
    kind = offer.bare_type.partition("/")[0]
    named = (offer.bare_type, *(name for name in offer.also if "/" in name))
    for name in named:
        if name in ranges:
            return ranges[name], 2
    for exactness, name in ((1, f"{kind}/*"), (0, "*/*")):
        if name in ranges:
            return ranges[name], exactness
    return 0.0, -1

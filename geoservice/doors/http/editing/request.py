"""What every edit carries beside its content: who, why, under which lock, and how to answer."""

from dataclasses import dataclass
from urllib.parse import unquote_to_bytes
from uuid import UUID

from geoservice.access.principal import Principal
from geoservice.doors.http import values
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.query_string import require_known
from geoservice.editing.operations import Author, reason_given
from geoservice.errors import BadParameter, Malformed, RepeatedParameter, UnknownLock
from geoservice.languages import Text

PARAMETERS = ("lang", "f", "reason", "dry_run")
HEADERS = ("If-Match", "Change-Reason", "Lock-Id", "Idempotency-Key", "Prefer", "Content-Crs")

_LONGEST_KEY = 255


@dataclass(frozen=True)
class EditRequest:
    """An edit as far as it does not depend on what is edited.

    `key` is the Idempotency-Key. `wants_representation` is a wish: `Prefer: return=representation`.
    """

    author: Author
    dry_run: bool
    key: str | None
    wants_representation: bool


def edit_request(asked: Asked, principal: Principal, reason: str | None = None) -> EditRequest:
    """Read it from the header and the parameters; `reason` may also have come with the body."""
    require_known(asked.parameters, PARAMETERS)
    reasons = {
        "Change-Reason": _decoded_reason(asked),
        "reason": asked.parameters.get("reason"),
        "body": reason,
    }
    given = [text for text in reasons.values() if text]
    if len(given) > 1:
        raise RepeatedParameter(name="reason")
    return EditRequest(
        author=Author(
            name=principal.name,
            door=asked.door,
            reason=reason_given("reason", given[0] if given else None),
            towns=principal.towns,
            lock_id=_lock_id(asked),
        ),
        dry_run=values.boolean("dry_run", asked.parameters.get("dry_run", "false")),
        key=_key(asked),
        wants_representation=_preferred_return(asked) == "representation",
    )


def _decoded_reason(asked: Asked) -> str | None:
    """`Change-Reason`: UTF-8, percent-encoded, because a header field holds only Latin letters."""
    raw = asked.headers.get("change-reason")
    if raw is None:
        return None
    try:
        return unquote_to_bytes(raw.encode("latin-1")).decode()
    except UnicodeDecodeError as wrong:
        raise Malformed(
            name="Change-Reason", reason=Text(zh="不是 UTF-8", en="it is not UTF-8")
        ) from wrong


def _lock_id(asked: Asked) -> UUID | None:
    text = asked.headers.get("lock-id")
    if text is None:
        return None
    try:
        return UUID(text.strip())
    except ValueError as wrong:
        raise UnknownLock(value=text) from wrong


def _key(asked: Asked) -> str | None:
    key = asked.headers.get("idempotency-key")
    if key is None:
        return None
    is_plain = key.isascii() and key.isprintable() and key.strip() == key
    if not is_plain or not 0 < len(key) <= _LONGEST_KEY:
        raise BadParameter(
            name="Idempotency-Key", value=key, allowed=f"1–{_LONGEST_KEY} ASCII characters"
        )
    return key


def _preferred_return(asked: Asked) -> str:
    """The value of `return` in `Prefer` (RFC 7240); the first counts, what is unknown is ignored."""
    for part in ",".join(asked.headers.getlist("prefer")).split(","):
        name, _, value = part.partition(";")[0].partition("=")
        if name.strip().lower() == "return":
            return value.strip().strip('"').lower()
    return ""

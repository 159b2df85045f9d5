"""Who may do what: each route that is not for everybody begins with one of these."""

from geoservice.access.principal import ANONYMOUS, ROLE_TITLES, Principal, Role
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.credentials import READING
from geoservice.errors import AllTownsNeeded, ForeignPage, KeyNeeded, RoleNeeded


def require_analyst(asked: Asked) -> Principal:
    """Whoever asks, if they may see what is private."""
    return _required(asked, Role.ANALYST)


def require_editor(asked: Asked) -> Principal:
    """Whoever asks, if they may change features; in which towns, `Principal.towns` tells.

    Raises `KeyNeeded` of somebody without a key, `RoleNeeded` of somebody with a lower role,
    `ForeignPage` if a page of another site asks for a change.
    """
    return _required(asked, Role.EDITOR)


def require_editor_of_all_towns(asked: Asked) -> Principal:
    """Whoever asks, if they may change every feature of a collection."""
    principal = require_editor(asked)
    if principal.towns is not None:
        raise AllTownsNeeded(towns=sorted(principal.towns))
    return principal


def _required(asked: Asked, role: Role) -> Principal:
    principal = asked.principal
    if principal.role < role:
        if principal.name == ANONYMOUS:
            raise KeyNeeded(role=ROLE_TITLES[role])
        raise RoleNeeded(role=ROLE_TITLES[role], own=ROLE_TITLES[principal.role])
    if asked.method not in READING and asked.foreign_page is not None:
        raise ForeignPage(value=asked.foreign_page)
    return principal

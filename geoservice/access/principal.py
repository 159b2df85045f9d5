"""Whoever asks, as the doors see them: a name, a role, and the towns in which they may write."""

from dataclasses import dataclass
from enum import IntEnum

from geoservice.languages import Text


class Role(IntEnum):
    """What one may do; each role may do what those before it may."""

    PUBLIC = 0
    ANALYST = 1
    EDITOR = 2
    ADMIN = 3


ROLE_TITLES: dict[Role, Text] = {
    Role.PUBLIC: Text(zh="公众", en="public"),
    Role.ANALYST: Text(zh="分析人员", en="analyst"),
    Role.EDITOR: Text(zh="编辑人员", en="editor"),
    Role.ADMIN: Text(zh="管理员", en="administrator"),
}


@dataclass(frozen=True)
class Principal:
    """Whoever asks. `towns` are the codes of the towns they may write in; None is everywhere."""

    name: str
    role: Role
    towns: frozenset[str] | None = None

    @property
    def sees_private(self) -> bool:
        """Whether private fields (duty persons, telephone numbers) are shown to them."""
        return self.role >= Role.ANALYST

    @property
    def may_edit(self) -> bool:
        """Whether they may change features, in their towns."""
        return self.role >= Role.EDITOR


ANONYMOUS = "anonymous"
"""The name of whoever has no key."""

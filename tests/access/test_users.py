"""Users: made, listed, changed, disabled."""

import pytest
import sqlalchemy as sa

from geoservice.access.principal import Role
from geoservice.access.users import (
    add_first_admin,
    add_user,
    all_users,
    change_user,
    disable_user,
    user_named,
)
from geoservice.domain.places import towns
from geoservice.errors import (
    AlreadyExists,
    BadParameter,
    DatabaseUnavailable,
    GeoserviceError,
    UnknownTown,
    UnknownUser,
)
from geoservice.store import system
from geoservice.store.database import Database
from tests.conftest import Adding


def test_a_user_is_as_it_was_made(known: Database) -> None:
    made = add_user(known, "陈 工", Role.EDITOR, ["441900101", "441900003"])
    assert (made.name, made.role, made.disabled_at) == ("陈 工", Role.EDITOR, None)
    assert made.towns == {"441900003", "441900101"}
    assert all_users(known) == [made] == [user_named(known, "陈 工")]


def test_an_editor_without_towns_may_edit_everywhere(known: Database) -> None:
    assert add_user(known, "li", Role.EDITOR).towns is None


def test_a_name_is_given_once_even_if_its_user_is_disabled(known: Database) -> None:
    add_user(known, "li", Role.ANALYST)
    disable_user(known, "li")
    with pytest.raises(AlreadyExists):
        add_user(known, "li", Role.ANALYST)


@pytest.mark.parametrize(
    "name",
    ["", " li", "li ", "l:i", "l\ni", "l\0i", "anonymous", "l" * 65],
    ids=["empty", "blank first", "blank last", "colon", "line", "nul", "anonymous", "65"],
)
def test_a_name_that_cannot_be_one_is_refused(known: Database, name: str) -> None:
    with pytest.raises(BadParameter):
        add_user(known, name, Role.ANALYST)
    assert all_users(known) == []


def test_a_name_of_64_characters_is_taken(known: Database) -> None:
    assert add_user(known, "l" * 64, Role.ANALYST).name == "l" * 64


def test_the_role_of_the_public_is_nobodys(known: Database) -> None:
    with pytest.raises(BadParameter):
        add_user(known, "li", Role.PUBLIC)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.ADMIN])
def test_only_an_editor_is_limited_to_towns(known: Database, role: Role) -> None:
    with pytest.raises(BadParameter):
        add_user(known, "li", role, ["441900101"])
    assert all_users(known) == []


def test_where_there_are_towns_a_code_must_be_one_of_them(known: Database, add: Adding) -> None:
    add(towns, code="441900101", name="石碣镇", kind="town", parent_code="441900")
    with pytest.raises(UnknownTown) as refused:
        add_user(known, "li", Role.EDITOR, ["441900101", "441900999"])
    assert refused.value.parts["value"] == ["441900999"]
    assert refused.value.parts["allowed"] == ["441900101"]
    assert all_users(known) == []
    assert add_user(known, "li", Role.EDITOR, ["441900101"]).towns == {"441900101"}


def test_where_there_are_no_towns_any_code_is_taken(known: Database) -> None:
    assert add_user(known, "li", Role.EDITOR, ["441900999"]).towns == {"441900999"}


def test_role_and_towns_can_be_changed(known: Database) -> None:
    add_user(known, "li", Role.EDITOR, ["441900101"])
    assert change_user(known, "li", Role.EDITOR, None).towns is None
    assert change_user(known, "li", Role.ADMIN).role is Role.ADMIN
    with pytest.raises(BadParameter):
        change_user(known, "li", Role.ANALYST, ["441900101"])
    with pytest.raises(UnknownUser):
        change_user(known, "wang", Role.ADMIN)


def test_disabling_again_changes_nothing(known: Database) -> None:
    add_user(known, "li", Role.ANALYST)
    first = disable_user(known, "li")
    assert first.disabled_at is not None
    assert disable_user(known, "li") == first
    with pytest.raises(UnknownUser):
        disable_user(known, "wang")


def test_the_first_administrator_is_made_once(known: Database) -> None:
    first = add_first_admin(known)
    assert first is not None
    assert (first.name, first.role, first.towns) == ("admin", Role.ADMIN, None)
    assert add_first_admin(known) is None
    disable_user(known, "admin")
    assert add_first_admin(known) is None


def test_where_somebody_is_known_no_administrator_is_made(known: Database) -> None:
    add_user(known, "li", Role.ANALYST)
    assert add_first_admin(known) is None


@pytest.mark.parametrize("table", [system.users, system.keys], ids=str)
def test_readers_see_neither_users_nor_keys(known: Database, table: sa.Table) -> None:
    with pytest.raises((GeoserviceError, sa.exc.ProgrammingError)) as refused:
        known.rows(sa.select(table))
    assert not isinstance(refused.value, DatabaseUnavailable)
    assert "permission denied" in str(refused.value)

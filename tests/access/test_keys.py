"""Keys: issued once, kept as a hash, revoked."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from geoservice.access.keys import all_keys, issue_key, revoke_key
from geoservice.access.principal import Role
from geoservice.access.users import add_user, disable_user
from geoservice.errors import BadParameter, UnknownKey, UnknownUser, UserDisabled
from geoservice.store.database import Database
from geoservice.store.system import keys

FAR = datetime(2999, 12, 31, tzinfo=UTC)


@pytest.fixture
def li(known: Database) -> Database:
    add_user(known, "li", Role.ANALYST)
    return known


def test_a_key_is_shown_once_and_kept_as_an_argon2id_hash(li: Database) -> None:
    issued = issue_key(li, "li", label="QGIS", expires_at=FAR)
    assert re.fullmatch(r"gs_[a-z0-9]{12}_[A-Za-z0-9_-]{43}", issued.text)
    assert issued.text.split("_")[1] == issued.key.id
    secret = issued.text.split("_", 2)[2]
    with li.access() as connection:
        row = connection.execute(sa.select(keys)).one()
    assert row.secret_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert secret not in str(tuple(row))
    assert secret not in repr(issued)
    assert all_keys(li) == [issued.key]
    assert (issued.key.user, issued.key.label, issued.key.expires_at) == ("li", "QGIS", FAR)


def test_no_two_keys_are_equal(li: Database) -> None:
    texts = [issue_key(li, "li").text for _ in range(3)]
    ids, secrets = zip(*(text.removeprefix("gs_").split("_", 1) for text in texts), strict=True)
    assert len(set(ids)) == len(set(secrets)) == 3


def test_a_key_expires_in_the_future_only(li: Database) -> None:
    with pytest.raises(BadParameter):
        issue_key(li, "li", expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert issue_key(li, "li", expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert len(all_keys(li)) == 1


def test_only_a_user_who_is_there_and_not_disabled_gets_a_key(li: Database) -> None:
    with pytest.raises(UnknownUser):
        issue_key(li, "wang")
    disable_user(li, "li")
    with pytest.raises(UserDisabled):
        issue_key(li, "li")
    assert all_keys(li) == []


def test_a_label_has_at_most_100_printable_characters(li: Database) -> None:
    assert issue_key(li, "li", label="签" * 100).key.label == "签" * 100
    for label in ("签" * 101, "a\nb", "a\0b"):
        with pytest.raises(BadParameter):
            issue_key(li, "li", label=label)


def test_revoking_again_changes_nothing(li: Database) -> None:
    issued = issue_key(li, "li")
    revoked = revoke_key(li, issued.key.id)
    assert revoked.revoked_at is not None
    assert revoke_key(li, issued.key.id) == revoked
    with pytest.raises(UnknownKey):
        revoke_key(li, "nothing")

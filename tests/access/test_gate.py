"""The gate: whose key it is, and who stays outside."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from geoservice.access import gate as gate_module
from geoservice.access import secret
from geoservice.access.attempts import Attempts
from geoservice.access.gate import Gate
from geoservice.access.keys import all_keys, issue_key, revoke_key
from geoservice.access.principal import Principal, Role
from geoservice.access.users import add_user, change_user, disable_user
from geoservice.errors import TooManyAttempts, WrongKey
from geoservice.store.database import Database
from geoservice.store.system import keys


@dataclass
class Clock:
    """A clock that goes when it is told to."""

    now: float = 1000.0
    verified: list[str] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the gate; it also notes which hashes were computed."""
    clock = Clock()
    monkeypatch.setattr(gate_module.time, "monotonic", clock)

    def noted(given: str, secret_hash: str) -> bool:
        clock.verified.append(secret_hash)
        return secret.is_right(given, secret_hash)

    monkeypatch.setattr(gate_module, "is_right", noted)
    return clock


@pytest.fixture
def key(known: Database) -> str:
    """The key of an editor of one town."""
    add_user(known, "li", Role.EDITOR, ["441900101"])
    return issue_key(known, "li").text


def with_expiry(database: Database, moment: datetime) -> None:
    with database.access() as connection:
        connection.execute(sa.update(keys).values(expires_at=moment))


def test_a_key_tells_who_asks(known: Database, key: str) -> None:
    expected = Principal("li", Role.EDITOR, frozenset({"441900101"}))
    assert Gate(known).principal(key) == expected


def wrong_keys(key: str) -> dict[str, str]:
    changed = "A" if key[-1] != "A" else "B"
    return {
        "empty": "",
        "no key": "password",
        "another secret": key[:-1] + changed,
        "another id": key.replace(key[3:15], "a" * 12),
        "shorter": key[:-1],
        "longer": key + "A",
        "a line more": key + "\n",
        "upper case": key.upper(),
        "not ASCII": "钥" * 59,
        "a lone surrogate": "\ud800",
        "nul": key[:-1] + "\0",
        "huge": "gs_" + "a" * 1_000_000,
    }


def test_every_wrong_key_is_refused_in_one_wording_after_one_hash(
    known: Database, key: str, clock: Clock
) -> None:
    words = set()
    for number, wrong in enumerate(wrong_keys(key).values(), start=1):
        with pytest.raises(WrongKey) as refused:
            Gate(known).principal(wrong)
        words.add(str(refused.value))
        assert refused.value.parts == {}
        assert len(clock.verified) == number
    assert len(words) == 1


def test_a_key_that_is_no_longer_valid_is_refused_like_an_unknown_one(
    known: Database, key: str, clock: Clock
) -> None:
    id = all_keys(known)[0].id
    with_expiry(known, datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(WrongKey):
        Gate(known).principal(key)
    with_expiry(known, datetime.now(UTC) + timedelta(hours=1))
    assert Gate(known).principal(key).name == "li"
    revoke_key(known, id)
    with pytest.raises(WrongKey):
        Gate(known).principal(key)
    assert len(clock.verified) == 3


def test_no_key_of_a_disabled_user_is_valid(known: Database, key: str) -> None:
    disable_user(known, "li")
    with pytest.raises(WrongKey):
        Gate(known).principal(key)


def test_a_secret_is_verified_once_in_a_process(known: Database, key: str, clock: Clock) -> None:
    gate = Gate(known)
    for _ in range(5):
        gate.principal(key)
        clock.now += 10
    assert len(clock.verified) == 1


def test_nothing_that_is_remembered_holds_the_key(known: Database, key: str) -> None:
    gate = Gate(known)
    gate.principal(key)
    assert key.split("_", 2)[2] not in repr(vars(gate))


def test_a_revoked_key_is_refused_after_a_second(known: Database, key: str, clock: Clock) -> None:
    gate = Gate(known)
    gate.principal(key)
    revoke_key(known, all_keys(known)[0].id)
    clock.now += 0.9
    assert gate.principal(key).name == "li"
    clock.now += 0.2
    with pytest.raises(WrongKey):
        gate.principal(key)


def test_an_expired_key_is_refused_though_it_was_known(
    known: Database, key: str, clock: Clock
) -> None:
    gate = Gate(known)
    gate.principal(key)
    with_expiry(known, datetime.now(UTC) - timedelta(seconds=1))
    clock.now += 1.1
    with pytest.raises(WrongKey):
        gate.principal(key)


def test_a_disabled_user_is_refused_after_a_second(known: Database, key: str, clock: Clock) -> None:
    gate = Gate(known)
    gate.principal(key)
    disable_user(known, "li")
    clock.now += 1.1
    with pytest.raises(WrongKey):
        gate.principal(key)


def test_a_changed_role_is_seen_after_a_second(known: Database, key: str, clock: Clock) -> None:
    gate = Gate(known)
    gate.principal(key)
    change_user(known, "li", Role.ANALYST)
    clock.now += 1.1
    assert gate.principal(key) == Principal("li", Role.ANALYST)


def test_the_use_of_a_key_is_marked_once_a_minute(known: Database, key: str, clock: Clock) -> None:
    gate = Gate(known)
    assert all_keys(known)[0].last_used_at is None
    moments = []
    for _ in range(3):
        gate.principal(key)
        moments.append(all_keys(known)[0].last_used_at)
        clock.now += 2
    assert moments[0] is not None
    assert all(one == other for one, other in pairwise(moments))
    old = datetime.now(UTC) - timedelta(seconds=61)
    with known.access() as connection:
        connection.execute(sa.update(keys).values(last_used_at=old))
    gate.principal(key)
    marked = all_keys(known)[0].last_used_at
    assert marked is not None
    assert marked > old


def test_a_wrong_key_is_not_marked_as_used(known: Database, key: str) -> None:
    with pytest.raises(WrongKey):
        Gate(known).principal(wrong_keys(key)["another secret"])
    assert all_keys(known)[0].last_used_at is None


def test_long_edits_keep_nobody_out(known: Database, key: str) -> None:
    with known.editing(), known.editing():
        assert Gate(known).principal(key).name == "li"


def test_after_20_wrong_keys_an_address_waits_for_the_rest_of_a_minute(
    known: Database, key: str
) -> None:
    clock = Clock()
    gate = Gate(known, Attempts(clock))
    gate.principal(key, address="192.0.2.1")
    for _ in range(20):
        with pytest.raises(WrongKey):
            gate.principal("wrong", address="192.0.2.1")
        clock.now += 1
    with pytest.raises(TooManyAttempts) as refused:
        gate.principal("wrong", address="192.0.2.1")
    assert refused.value.parts == {"retry_after_s": 40}
    assert gate.principal(key, address="192.0.2.1").name == "li", "a key that is known"
    other = issue_key(known, "li").text
    with pytest.raises(TooManyAttempts):
        gate.principal(other, address="192.0.2.1")
    assert gate.principal(other, address="192.0.2.2").name == "li"
    clock.now += 40
    with pytest.raises(WrongKey):
        gate.principal("wrong", address="192.0.2.1")


def test_right_keys_do_not_count_as_attempts(known: Database, key: str) -> None:
    attempts = Attempts(Clock())
    for _ in range(25):
        assert Gate(known, attempts).principal(key, address="192.0.2.1").name == "li"


def test_an_attempt_that_fails_for_another_reason_does_not_count() -> None:
    attempts = Attempts(Clock())

    def fail() -> None:
        with attempts.one("192.0.2.1"):
            raise RuntimeError

    for _ in range(25):
        with pytest.raises(RuntimeError):
            fail()
    with attempts.one("192.0.2.1"):
        pass


def test_attempts_under_way_count() -> None:
    attempts = Attempts(Clock())
    under_way = [attempts.one("192.0.2.1") for _ in range(20)]
    for each in under_way:
        each.__enter__()
    with pytest.raises(TooManyAttempts), attempts.one("192.0.2.1"):
        pass

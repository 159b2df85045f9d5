"""A request with a key is carried out once, however often it comes."""

import threading
from hashlib import sha256

import pytest
import sqlalchemy as sa

from geoservice.domain.facilities import facilities
from geoservice.editing.carrying_out import carry_out_within
from geoservice.editing.operations import Insert
from geoservice.editing.repeats import Answer, answered_once
from geoservice.errors import BadParameter, KeyReused, RejectedFeature, RequestInProgress
from geoservice.store.system import answered_requests
from geoservice.store.tables import tables
from tests.editing.conftest import AUTHOR, FACILITY

ONE, OTHER = (sha256(body).hexdigest() for body in (b"one", b"other"))


def inserting(number: int = 1, **values: object):
    """Carries out an insert and answers with the id of the new feature."""

    def answer(connection: sa.Connection) -> Answer:
        operation = Insert(
            collection=facilities, values=FACILITY | {"facility_no": str(number)} | values
        )
        outcome = carry_out_within(connection, AUTHOR, [operation])
        uid = outcome.done[0].features[0].uid
        return Answer(201, {"Location": f"/{uid}"}, str(uid).encode())

    return answer


def number_of_features(database) -> int:
    table = tables().current(facilities)
    return database.scalar(sa.select(sa.func.count()).select_from(table))


def test_a_repeated_request_gets_the_first_answer_and_does_nothing(database):
    first = answered_once(database, "李", "k", ONE, inserting())
    again = answered_once(database, "李", "k", ONE, inserting())
    assert (again.status, again.headers, again.body) == (201, first.headers, first.body)
    assert (first.repeated, again.repeated) == (False, True)
    assert number_of_features(database) == 1


def test_a_key_with_another_request_is_a_mistake(database):
    answered_once(database, "李", "k", ONE, inserting())
    with pytest.raises(KeyReused):
        answered_once(database, "李", "k", OTHER, inserting(2))
    assert number_of_features(database) == 1


def test_the_same_key_of_somebody_else_is_another(database):
    answered_once(database, "李", "k", ONE, inserting(1))
    assert not answered_once(database, "王", "k", OTHER, inserting(2)).repeated
    assert number_of_features(database) == 2


def test_a_request_that_failed_may_be_repeated_with_its_key(database):
    with pytest.raises(RejectedFeature):
        answered_once(database, "李", "k", ONE, inserting(kind="castle"))
    assert not answered_once(database, "李", "k", ONE, inserting()).repeated
    assert number_of_features(database) == 1


def test_an_answer_is_kept_for_a_day(database):
    for key in ("k", "l"):
        answered_once(database, "李", key, ONE, inserting(1 if key == "k" else 2))

    def age(interval: str) -> None:
        with database.editing() as connection:
            at = sa.text(f"clock_timestamp() - interval '{interval}'")
            connection.execute(sa.update(answered_requests).values(at=at))

    age("23 hours 59 minutes")
    assert answered_once(database, "李", "k", ONE, inserting()).repeated
    age("24 hours")
    assert not answered_once(database, "李", "k", OTHER, inserting(3)).repeated
    with database.editing() as connection:
        kept = connection.execute(sa.select(answered_requests.c.key)).scalars().all()
    assert kept == ["k"]


@pytest.mark.parametrize(
    ("key", "is_allowed"), [("k" * 255, True), ("k" * 256, False), ("", False)]
)
def test_a_key_has_a_length(database, key, is_allowed):
    if is_allowed:
        answered_once(database, "李", key, ONE, inserting())
        return
    with pytest.raises(BadParameter):
        answered_once(database, "李", key, ONE, inserting())


def test_a_request_that_is_under_way_is_not_begun_again(database):
    begun, may_end = threading.Event(), threading.Event()
    answers: list[Answer] = []

    def slowly(connection: sa.Connection) -> Answer:
        begun.set()
        may_end.wait()
        return inserting()(connection)

    thread = threading.Thread(
        target=lambda: answers.append(answered_once(database, "李", "k", ONE, slowly))
    )
    thread.start()
    begun.wait()
    with pytest.raises(RequestInProgress):
        answered_once(database, "李", "k", ONE, inserting())
    with pytest.raises(RequestInProgress):
        answered_once(database, "李", "k", OTHER, inserting())
    may_end.set()
    thread.join()
    assert answered_once(database, "李", "k", ONE, inserting()).body == answers[0].body
    assert number_of_features(database) == 1


def test_of_many_who_send_one_request_at_once_one_is_carried_out(database):
    start, results = threading.Barrier(8), []

    def send() -> None:
        start.wait()
        try:
            results.append(answered_once(database, "李", "k", ONE, inserting()).body)
        except RequestInProgress:
            results.append(None)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert number_of_features(database) == 1
    assert len({each for each in results if each}) == 1

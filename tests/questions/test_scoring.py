"""Scores, ranks and their stability, by rows small enough to add up on paper, and by what must always hold."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoservice.questions.programme.scoring import Part, Weights, is_uniform, ranked
from geoservice.store.database import Database

LEVEL = Part("level", "level", (("low", 0.0), ("high", 1.0)))
PEOPLE = Part("people", "people_threatened")
HEIGHT = Part("height", "height_m")
PARTS = (LEVEL, PEOPLE, HEIGHT)

Row = tuple[str | None, int | None, float | None]


def uid(number: int) -> UUID:
    return UUID(int=number + 1)


def inputs_of(rows: Sequence[tuple[int, Row]]) -> sa.CTE:
    columns = (
        sa.column("uid", sa.UUID),
        sa.column("level", sa.Text),
        sa.column("people_threatened", sa.Integer),
        sa.column("height_m", sa.Double),
    )
    data = [(uid(number), *row) for number, row in rows]
    given = sa.values(*columns, name="given").data(data)
    # A column of nothing but nulls would be text.
    return sa.select(*(sa.cast(each, each.type).label(each.name) for each in given.c)).cte("inputs")


def ranking(
    database: Database,
    rows: Sequence[Row],
    weights: tuple[float, float, float] = (1, 1, 1),
    *,
    share: float = 0.2,
    needs_all: bool = True,
    order: Sequence[int] | None = None,
) -> list[dict[str, Any]]:
    """The ranked rows in the order in which they were given, whatever `order` they were put in."""
    placed = [(number, rows[number]) for number in order or range(len(rows))]
    of = dict(zip((part.name for part in PARTS), weights, strict=True))
    found = ranked(
        inputs_of(placed), PARTS, Weights.normalised(of), share=share, needs_all=needs_all
    )
    answer = database.rows(sa.select(found).order_by(found.c.uid))
    return [dict(row._mapping) for row in answer]


def column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]


class TestByHand:
    """Numbers that can be worked out on paper."""

    # people 0, 5, 10 → 0, 0.5, 1; height 4, 8, 6 → 0, 1, 0.5; level 0, 1, 0.
    ROWS: Sequence[Row] = (("low", 0, 4.0), ("high", 5, 8.0), ("low", 10, 6.0))

    def test_parts_run_linearly_from_the_least_to_the_greatest_and_classes_are_fixed(
        self, database
    ):
        rows = ranking(database, self.ROWS)
        assert column(rows, "level_part") == [0.0, 1.0, 0.0]
        assert column(rows, "people_part") == [0.0, 0.5, 1.0]
        assert column(rows, "height_part") == [0.0, 1.0, 0.5]

    def test_contributions_are_weights_times_parts_and_add_up_to_the_score(self, database):
        rows = ranking(database, self.ROWS, (2, 1, 1))  # used as 1/2, 1/4, 1/4
        assert column(rows, "score") == pytest.approx([0.0, 0.5 + 0.125 + 0.25, 0.25 + 0.125])
        assert column(rows, "rank") == [3, 1, 2]
        for row in rows:
            parts = [row[part.contribution] for part in PARTS]
            assert sum(parts) == pytest.approx(row["score"], abs=1e-9)

    def test_equal_scores_share_a_rank_and_the_next_rank_is_left_out(self, database):
        same: Row = ("low", 5, 5.0)
        rows = ranking(database, [("high", 10, 9.0), same, same, ("low", 0, 1.0)])
        assert column(rows, "rank") == [1, 2, 2, 4]
        assert column(rows, "place") == [1, 2, 2, 4]

    def test_scores_that_are_equal_on_paper_tie_although_binary_fractions_differ(self, database):
        # 1/3 · 1 + 1/3 · 0.1 + 1/3 · 0.2 against 1/3 · 1 + 1/3 · 0.2 + 1/3 · 0.1
        rows: list[Row] = [("high", 1, 2.0), ("high", 2, 1.0), ("low", 0, 0.0), ("low", 10, 10.0)]
        assert column(ranking(database, rows), "rank") == [2, 2, 4, 1]

    def test_where_all_are_equal_the_part_is_0_for_all(self, database):
        rows = ranking(database, [("low", 7, 1.0), ("low", 7, 2.0)])
        assert column(rows, "people_part") == [0.0, 0.0]
        assert column(rows, "rank") == [2, 1]

    def test_a_single_row_has_rank_1(self, database):
        (row,) = ranking(database, [("high", 7, 1.0)])
        assert (row["rank"], row["rank_best"], row["rank_worst"]) == (1, 1, 1)
        assert row["score"] == pytest.approx(1 / 3)

    def test_what_is_missing_is_not_scored_never_0_and_comes_last(self, database):
        rows = ranking(database, [(None, 9, None), ("low", 0, 1.0), ("low", 1, 2.0)])
        assert column(rows, "rank") == [None, 2, 1]
        assert column(rows, "place") == [4, 2, 1]
        assert column(rows, "missing") == ["level, height", None, None]
        assert rows[0]["score"] is None
        assert rows[0]["people_contribution"] is None
        assert rows[0]["people_part"] == 1.0
        assert rows[0]["rank_best"] is None

    def test_an_input_without_weight_is_not_missed(self, database):
        rows = ranking(database, [(None, 1, None), ("low", 0, 1.0)], (0, 1, 0))
        assert column(rows, "score") == [1.0, 0.0]
        assert column(rows, "missing") == [None, None]

    def test_renormalised_the_weights_of_what_is_there_count_as_all(self, database):
        rows = ranking(
            database,
            [("high", None, 1.0), ("low", 0, 0.0), ("low", 4, 1.0)],
            (2, 1, 1),
            needs_all=False,
        )
        # Of the first, level and height count 2/3 and 1/3.
        assert column(rows, "score") == pytest.approx([1.0, 0.0, 0.5])
        assert rows[0]["level_contribution"] == pytest.approx(2 / 3)
        assert rows[0]["people_contribution"] is None
        assert column(rows, "missing") == ["people", None, None]

    def test_renormalised_a_row_that_lacks_everything_is_not_scored(self, database):
        rows = ranking(database, [(None, None, None), ("low", 0, 0.0)], needs_all=False)
        assert column(rows, "rank") == [None, 1]

    @pytest.mark.parametrize(
        ("share", "of_first", "of_second"),
        [(0.05, (1, 1), (2, 2)), (0.2, (1, 2), (1, 2)), (0.0, (1, 1), (2, 2))],
    )
    def test_stability_is_the_best_and_the_worst_rank_as_each_weight_varies(
        self, database, share, of_first, of_second
    ):
        # Level only against people only, weights 11 to 10: 5 % do not turn them, 20 % do.
        rows = ranking(database, [("high", 0, 1.0), ("low", 1, 1.0)], (11, 10, 0), share=share)
        assert column(rows, "rank") == [1, 2]
        assert (rows[0]["rank_best"], rows[0]["rank_worst"]) == of_first
        assert (rows[1]["rank_best"], rows[1]["rank_worst"]) == of_second

    def test_uniform_means_that_two_or_more_agree_and_none_differs(self, database):
        def uniform(*people: int | None) -> bool:
            rows = inputs_of([(n, ("low", each, 0.0)) for n, each in enumerate(people)])
            return database.scalar(sa.select(is_uniform(rows, PEOPLE)))

        assert uniform(1, 1)
        assert uniform(1, 1, None)
        assert not uniform(1, 2)
        assert not uniform(1)
        assert not uniform(None, None)


some_rows = st.lists(
    st.tuples(
        st.sampled_from(["low", "high", None]),
        st.none() | st.integers(0, 6),
        st.none() | st.integers(0, 6).map(float),
    ),
    min_size=1,
    max_size=7,
)
some_weights = st.tuples(*[st.sampled_from([0.0, 0.5, 1.0, 3.0])] * 3).filter(any)
often = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class TestAlways:
    """What must hold whatever is ranked."""

    @often
    @given(rows=some_rows, weights=some_weights, needs_all=st.booleans(), data=st.data())
    def test_neither_the_order_of_rows_nor_the_scale_of_weights_changes_anything(
        self, database, rows, weights, needs_all, data
    ):
        order = data.draw(st.permutations(range(len(rows))))
        plain = ranking(database, rows, weights, needs_all=needs_all)
        other = ranking(
            database,
            rows,
            tuple(each * 7 for each in weights),
            needs_all=needs_all,
            order=order,
        )
        for one, two in zip(plain, other, strict=True):
            assert one["score"] == pytest.approx(two["score"], abs=1e-12)
            for name in ("rank", "rank_best", "rank_worst", "place", "missing"):
                assert one[name] == two[name]

    @often
    @given(rows=some_rows, weights=some_weights, needs_all=st.booleans())
    def test_contributions_add_up_and_ranks_lie_between_the_best_and_the_worst(
        self, database, rows, weights, needs_all
    ):
        for row in ranking(database, rows, weights, needs_all=needs_all):
            if row["score"] is None:
                assert row["missing"]
                continue
            total = sum(row[part.contribution] or 0.0 for part in PARTS)
            assert total == pytest.approx(row["score"], abs=1e-9)
            assert -1e-12 <= row["score"] <= 1 + 1e-12
            assert row["rank_best"] <= row["rank"] <= row["rank_worst"]

    @often
    @given(rows=some_rows, weights=some_weights, needs_all=st.booleans(), data=st.data())
    def test_a_rank_never_worsens_when_an_own_input_rises(
        self, database, rows, weights, needs_all, data
    ):
        number = data.draw(st.integers(0, len(rows) - 1))
        level, people, height = rows[number]
        more = data.draw(st.integers(1, 9))
        raised = data.draw(
            st.sampled_from(
                [
                    (level and "high", people, height),
                    (level, None if people is None else people + more, height),
                    (level, people, None if height is None else height + more),
                ]
            )
        )
        after = [*rows[:number], raised, *rows[number + 1 :]]
        old = ranking(database, rows, weights, needs_all=needs_all)[number]
        new = ranking(database, after, weights, needs_all=needs_all)[number]
        assert (old["rank"] is None) == (new["rank"] is None)
        assert new["rank"] is None or new["rank"] <= old["rank"]

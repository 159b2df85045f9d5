"""Work on a shape that takes too long is given up, and the next shape is answered."""

import shapely

from geoservice.shape_process import ShapeProcess

POINT = shapely.Point(113.75, 23)


def test_a_shape_is_answered_with_what_the_program_makes_of_it():
    with ShapeProcess("shapely.to_wkb(shape)", cpu_s=5) as process:
        for shape in (POINT, shapely.Point(1, 2), shapely.LineString([(0, 0), (1, 1)])):
            assert process.answer(shape) == shapely.to_wkb(shape)


def test_an_endless_answer_is_given_up_and_the_next_shape_is_answered():
    program = "sum(iter(lambda: 1, 0)) if shape.is_empty else b'done'"
    with ShapeProcess(program, cpu_s=0.2) as process:
        assert process.answer(shapely.Point()) is None
        assert process.answer(POINT) == b"done"


def test_an_answer_that_needs_too_much_memory_is_given_up():
    program = "bytes(2**30) if shape.is_empty else b'done'"
    with ShapeProcess(program, cpu_s=5) as process:
        assert process.answer(shapely.Point()) is None
        assert process.answer(POINT) == b"done"


def test_the_time_is_that_of_one_shape_and_not_of_all():
    program = "bytes(str(sum(range(3_000_000))), 'ascii')"
    with ShapeProcess(program, cpu_s=1.5) as process:
        answers = [process.answer(POINT) for _ in range(40)]
    assert answers == [b"4499998500000"] * 40

"""placeholder"""


def compiled(condition, rows, collection):
    raise AssertionError

"""A Python session as a notebook is one: blocks share their names, and end by showing their last value.

Run as a program it is the session itself: a block as one line of JSON in, what it said and whether
it failed as one line of JSON out.
"""

import ast
import contextlib
import io
import json
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path


class PythonSession:
    """An interpreter in a process of its own, for the blocks of one page."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, text: str) -> tuple[str, bool]:
        """What a block said, and whether it ended well."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(text) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the session has ended"
        said, is_well = json.loads(line)
        return said, is_well

    def __enter__(self) -> "PythonSession":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def _carry_out(text: str, names: dict[str, object]) -> None:
    body = ast.parse(text).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), "block", "exec"), names)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), "block", "eval"), names)
        if value is not None:
            print(repr(value))


def main() -> None:
    """Answer blocks until there are none."""
    names: dict[str, object] = {"__name__": "__main__"}
    for line in sys.stdin:
        said = io.StringIO()
        is_well = True
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            try:
                _carry_out(json.loads(line), names)
            except Exception:
                is_well = False
                traceback.print_exc()
        print(json.dumps([said.getvalue(), is_well]), flush=True)


if __name__ == "__main__":
    main()

"""The shape of the code: arrows point down, everything public is described, no SQL is pasted together."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "geoservice"
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)
NAMES = [str(path.relative_to(ROOT)) for path in SOURCES]


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    return {
        name: ast.parse(path.read_text("utf-8")) for name, path in zip(NAMES, SOURCES, strict=True)
    }


def test_the_import_contracts_are_kept():
    program = Path(sys.executable).with_name("lint-imports")
    checked = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def described(node: ast.AST, inside: str = "") -> Iterator[tuple[str, bool]]:
    """Every public class and function, with whether it has a docstring; not what is inside functions."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if child.name.startswith("_"):
            continue
        overload = any("overload" in ast.unparse(each) for each in child.decorator_list)
        yield f"{inside}{child.name}", overload or ast.get_docstring(child) is not None
        if isinstance(child, ast.ClassDef):
            yield from described(child, f"{inside}{child.name}.")


@pytest.mark.parametrize("name", NAMES)
def test_everything_public_is_described(trees, name):
    assert ast.get_docstring(trees[name]), "the module"
    assert [each for each, has_docstring in described(trees[name]) if not has_docstring] == []


@pytest.mark.parametrize("name", NAMES)
def test_sql_is_never_put_together_from_values(trees, name):
    """`text` gets a constant; what is formatted into SQL are names of declarations, in DDL only."""
    for node in ast.walk(trees[name]):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if called in ("text", "literal_column") and ast.unparse(node.func).startswith("sa."):
            if (name, ast.unparse(node)) == QUOTING:
                continue
            assert is_constant(node.args[0], called), ast.unparse(node)
        if called in ("execute", "exec_driver_sql", "copy") and node.args:
            assert not isinstance(node.args[0], ast.JoinedStr) or in_store(name), ast.unparse(node)


QUOTING = ("geoservice/store/encoding.py", """sa.literal_column(f"'{quoted}'", sa.Text())""")
"""The one place where a constant of ours, doubled quotes and all, becomes SQL text."""

ALLOWED_IN_TEXT = {"SYSTEM_SCHEMA", "_quoted(default)", "_escaped(rule.test)", "str(number)"}
"""What may stand inside: a constant of the store, a place counted by it, and quoted constants for DDL."""


def is_constant(argument: ast.expr, called: str) -> bool:
    if isinstance(argument, ast.JoinedStr):
        formatted = [part for part in argument.values if isinstance(part, ast.FormattedValue)]
        allowed = ALLOWED_IN_TEXT | ({"rows.fullname"} if called == "literal_column" else set())
        return {ast.unparse(part.value) for part in formatted} <= allowed
    if isinstance(argument, ast.IfExp):
        return is_constant(argument.body, called) and is_constant(argument.orelse, called)
    return isinstance(argument, ast.Constant) or ast.unparse(argument) in ALLOWED_IN_TEXT


def in_store(name: str) -> bool:
    return name.startswith("geoservice/store/")


HANDS_ON = {"geoservice/files/staging.py": "the fault is raised again in the thread that reads"}


@pytest.mark.parametrize("name", NAMES)
def test_a_handler_that_catches_everything_raises_again_in_our_words(trees, name):
    for node in ast.walk(trees[name]):
        if not isinstance(node, ast.ExceptHandler) or name in HANDS_ON:
            continue
        caught = ast.unparse(node.type) if node.type else "everything"
        if caught in ("everything", "Exception", "BaseException"):
            assert any(isinstance(each, ast.Raise) for each in ast.walk(node)), ast.unparse(node)


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("geoservice/domain/")])
def test_a_subject_of_the_domain_is_pure_data_and_small_rules(trees, name):
    imported = {
        (node.module or "").split(".")[0]
        for node in ast.walk(trees[name])
        if isinstance(node, ast.ImportFrom)
    }
    assert imported <= {"geoservice", "collections", "dataclasses", "decimal", "enum"}

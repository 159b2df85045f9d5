"""The part of the OpenAPI document about saved answers."""

from functools import partial

from geoservice.doors.http.openapi.operations import changing, get, refs
from geoservice.doors.http.openapi.parts import Node, parameter, ref
from geoservice.files.formats import FORMATS
from geoservice.languages import Language, Text

ANSWERS = "/answers"
ANSWER = "/answers/{answerId}"

_DOCUMENT: Node = {"application/json": {"schema": {"type": "object"}}}


def answer_paths(language: Language) -> dict[str, Node]:
    """The paths of saved answers with their methods."""
    method = partial(changing, language)
    done = {"200": {"description": "OK", "content": _DOCUMENT}}
    made = {"201": {"description": "Created", "content": _DOCUMENT}}
    one = ("answerId", "reason", "lang")
    saved = get(
        language, "answer", Text(zh="一个已存回答", en="A saved answer"), refs(["answerId"])
    )
    saved["put"] = method(
        "save_answer",
        Text(zh="保存回答（分析人员）", en="Save an answer (for analysts)"),
        one,
        done={**made, **done},
        body=("application/json",),
    )
    replace = parameter("replace", {"type": "boolean", "default": False})
    saved["put"]["parameters"].append(replace)
    saved["delete"] = method(
        "remove_answer",
        Text(zh="删除本人保存的回答", en="Remove an answer that one has saved"),
        ("answerId", "lang"),
        done={"204": {"description": "OK"}},
    )
    listed = get(language, "answers", Text(zh="全部已存回答", en="All saved answers"))
    listed["post"] = method(
        "save_answer_from_form",
        Text(zh="由网页表单保存回答", en="Save an answer from the form of a page"),
        ("reason", "lang"),
        done={"303": {"description": "See Other"}},
        body=("application/x-www-form-urlencoded",),
    )
    refresh = method(
        "refresh_answer",
        Text(zh="刷新本人保存的回答", en="Refresh an answer that one has saved"),
        one,
        done={**done, "303": {"description": "See Other"}},
    )
    return {
        ANSWERS: listed,
        ANSWER: saved,
        f"{ANSWER}/refresh": {"post": refresh},
        f"{ANSWER}/comparison": _comparison(language),
    }


def _comparison(language: Language) -> Node:
    other = Text(zh="作为旧方的另一回答", en="Another saved answer, the old side")
    geojson: Node = {FORMATS["geojson"].media_type: {"schema": {"type": "object"}}}
    path = get(
        language,
        "compare_answers",
        Text(
            zh="与另一回答或较早的自身比较", en="Compare with another answer, or an earlier state"
        ),
        [
            *refs(["answerId"]),
            parameter("with", {"type": "string"}, description=other.spoken(language)),
            *refs(["known_at", "crs", "limit", "cursor"]),
        ],
        content={**_DOCUMENT, **geojson, "text/html": {"schema": {"type": "string"}}},
    )
    path["get"]["responses"]["404"] = ref("responses", "NotFound")
    return path

"""`/check`: what affects a place, or each feature of a file. A short way to the question `check`.

A file is read, checked and asked about; nothing of it is stored.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from geoservice.doors.checking import READING, question_about_file
from geoservice.doors.http import bodies
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.negotiation import Representation, chosen
from geoservice.doors.http.query_string import require_known
from geoservice.doors.http.questions import OFFERED, OWN_PARAMETERS, answer_to, page_or_answer
from geoservice.doors.http.resources import Resource
from geoservice.errors import BadParameter
from geoservice.files.formats import FORMATS
from geoservice.questions import Question, question_called

_FORM = "multipart/form-data"
_JSON = "application/json"
_EXTENSIONS = {
    form.media_type.partition(";")[0].strip(): form.extension for form in FORMATS.values()
}
"""Of files that are the body itself, by media type."""

_FILE = "file"


def routes() -> list[Route]:
    """The routes of this file."""
    return [Route("/check", Resource(_get, _posted))]


def _get(asked: Asked) -> Response:
    return page_or_answer(asked, _question(asked))


async def _posted(asked: Asked, request: Request) -> Response:
    """The parameters as JSON, a form with or without a file, or a file with parameters in the URL."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    representation = chosen(asked, OFFERED)
    if kind == _JSON:
        require_known(asked.parameters, OWN_PARAMETERS)
        given = await bodies.json_object(request, asked.service.limits.max_json_body)
        return await run_in_threadpool(answer_to, asked, _question(asked), given, representation)
    limit = asked.service.limits.max_check_file
    if kind == _FORM:
        require_known(asked.parameters, OWN_PARAMETERS)
        counted = Request(
            request.scope, bodies.counted(request.receive, limit, limit_name="max_check_file")
        )
        async with counted.form(max_files=1, max_fields=len(_known(asked))) as form:
            return await run_in_threadpool(_of_form, asked, form, representation)
    allowed = (_JSON, _FORM, *_EXTENSIONS)
    body = await bodies.whole(request, allowed, limit, limit_name="max_check_file")
    parameters = {k: v for k, v in asked.parameters.items() if k not in OWN_PARAMETERS}
    name = f"body{_EXTENSIONS[kind]}"
    return await run_in_threadpool(_of_file, asked, name, body, parameters, representation)


def _of_form(asked: Asked, form: FormData, representation: Representation) -> Response:
    """A form is asked like a query string if it has no file, as a browser sends it."""
    given: dict[str, object] = {}
    file: UploadFile | None = None
    require_known((name for name, _ in form.multi_items()), (*_known(asked), _FILE))
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) and name == _FILE:
            file = value if value.filename else None
        elif isinstance(value, str) and name not in given and name != _FILE and "\0" not in value:
            given[name] = value
        else:
            raise BadParameter(name=name, value="", allowed="1 ×")
    if file is None:
        return answer_to(asked, _question(asked), given, representation)
    # The name is the client's: only its last part is used, and only inside our folder.
    name = PurePosixPath((file.filename or "").replace("\\", "/")).name
    if name in ("", ".", "..") or "\0" in name or len(name.encode()) > 200:
        raise BadParameter(name=_FILE, value=name, allowed="file name")
    # A browser sends the empty fields of its form too.
    given = {key: value for key, value in given.items() if value != ""}
    return _of_file(asked, name, file.file.read(), given, representation)


def _of_file(
    asked: Asked,
    name: str,
    content: bytes,
    given: Mapping[str, object],
    representation: Representation,
) -> Response:
    service = asked.service
    with tempfile.TemporaryDirectory(prefix="geoservice-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        question, parameters = question_about_file(
            path, given, region=service.region, limits=service.limits
        )
    return answer_to(asked, question, parameters, representation)


def _question(asked: Asked) -> Question:
    return question_called("check", asked.service.region)


def _known(asked: Asked) -> tuple[str, ...]:
    """The fields of the form: what the question has, and what says how a file is read."""
    parameters = _question(asked).description.parameters
    return (*(parameter.name for parameter in parameters), *READING)

"""Questions and their answers: as documents, features and files, as pages with a form, as reports."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from geoservice.crs import Crs
from geoservice.description.collection import FieldType
from geoservice.description.question import QuestionDescription
from geoservice.description.schema import parameter_schema
from geoservice.doors.http import bodies
from geoservice.doors.http.asked import Asked, encoded
from geoservice.doors.http.downloads import (
    FILES,
    GEOJSON,
    IN_BACKGROUND,
    Download,
    answer_crs,
    answer_download,
    sent,
)
from geoservice.doors.http.features.items import link
from geoservice.doors.http.jobs import deferred
from geoservice.doors.http.negotiation import HTML, JSON, Representation, chosen
from geoservice.doors.http.presentation import VARY, document, page, plainly_escaped
from geoservice.doors.http.query_string import require_known
from geoservice.doors.http.resources import Resource
from geoservice.languages import Text
from geoservice.questions import Answer, Question, all_questions, ask, question_called
from geoservice.questions.figures import figure_title
from geoservice.reports import page as report_page
from geoservice.reports.writing import FORMS

OWN_PARAMETERS = frozenset({"f", "lang", "crs"})
_FEATURES = Representation(GEOJSON.id, GEOJSON.media_type, GEOJSON.title)
REPORTS = (
    Representation(
        "report", FORMS["report"].media_type, Text(zh="可打印报告", en="as a report to print")
    ),
    Representation("pdf", FORMS["pdf"].media_type, Text(zh="PDF 报告", en="as a report in PDF")),
)
OFFERED = (JSON, _FEATURES, HTML, *FILES, *REPORTS)


def routes() -> list[Route]:
    """The routes of this file."""
    return [
        Route("/questions", Resource(_questions)),
        Route("/questions/{question}", Resource(_question, _posted)),
    ]


def _questions(asked: Asked) -> Response:
    require_known(asked.parameters, ("f", "lang"))
    descriptions = [each.description for each in all_questions(asked.service.region)]
    if chosen(asked, (JSON, HTML)) is HTML:
        return page(asked, "questions.html", questions=descriptions)
    content = {
        "questions": [_described(asked, each) for each in descriptions],
        "links": [
            link(asked, "self", asked.this_url(), JSON),
            link(asked, "alternate", asked.this_url(f="html"), HTML),
        ],
    }
    return document(asked, content, JSON.media_type)


def _question(asked: Asked) -> Response:
    """The answer to what the parameters ask; without parameters a browser gets the form."""
    return page_or_answer(
        asked, question_called(asked.path_parameter("question"), asked.service.region)
    )


def page_or_answer(asked: Asked, question: Question) -> Response:
    """The answer to what the parameters of the URL ask, or the page with the form."""
    given = {k: v for k, v in asked.parameters.items() if k not in OWN_PARAMETERS}
    known = {parameter.name for parameter in question.description.parameters}
    require_known(given, {*known, *OWN_PARAMETERS})
    representation = chosen(asked, OFFERED)
    if representation is HTML and not given and "f" not in asked.parameters:
        return _form(asked, question.description, given)
    return answer_to(asked, question, given, representation)


async def _posted(asked: Asked, request: Request) -> Response:
    """The same with the parameters in a JSON body: an object, or one inside `inputs`."""
    question = question_called(asked.path_parameter("question"), asked.service.region)
    require_known(asked.parameters, OWN_PARAMETERS)
    given = await bodies.json_object(request, asked.service.limits.max_json_body)
    representation = chosen(asked, tuple(each for each in OFFERED if each is not HTML))
    return await run_in_threadpool(answer_to, asked, question, given, representation)


def answer_to(
    asked: Asked, question: Question, given: Mapping[str, object], representation: Representation
) -> Response:
    """The answer to a question in a representation, in the CRS that the URL names."""
    service = asked.service
    crs = answer_crs(asked)
    if representation in FILES or representation in REPORTS:
        download = answer_download(asked, question, given, representation, crs=crs)
        return deferred(asked, download) or sent(_shown_in_place(download, representation))
    answer = ask(
        question,
        given,
        database=service.database,
        registry=service.registry,
        region=service.region,
        crs=crs,
    )
    if representation is HTML:
        return _shown(asked, answer, given)
    return _document(asked, answer, crs, representation)


def _document(asked: Asked, answer: Answer, crs: Crs, representation: Representation) -> Response:
    """The answer with its account; its features are handed on as the database wrote them."""
    links = [
        link(asked, "self", asked.this_url(), representation),
        link(asked, "alternate", asked.this_url(f="html"), HTML),
    ]
    if answer.next_cursor is not None and asked.method != "POST":
        links.append(link(asked, "next", asked.this_url(cursor=answer.next_cursor), representation))
    head: dict[str, Any] = dict(answer.head(asked.language))
    if representation is _FEATURES:
        head = {"type": "FeatureCollection", **head}
    if answer.next_cursor is not None:
        head["next_cursor"] = answer.next_cursor
    head["links"] = links
    opening = json.dumps(head, ensure_ascii=False, separators=(",", ":"), default=str)[:-1]
    body = f'{opening},"features":['.encode() + answer.features.encode() + b"]}"
    headers = {
        "Content-Crs": f"<{crs.uri}>",
        "Content-Language": asked.language,
        "Vary": VARY,
        "Link": ", ".join(f'<{each["href"]}>; rel="{each["rel"]}"' for each in links),
    }
    return Response(plainly_escaped(body), headers=headers, media_type=representation.media_type)


def _shown_in_place(download: Download, representation: Representation) -> Download:
    """The same file; a report is not for a folder but to be read in the browser."""
    if representation not in REPORTS:
        return download
    headers = dict(download.headers)
    headers["Content-Disposition"] = f'inline; filename="{download.file_name}"'
    if representation.id == "report":
        headers |= _own_style()
    return replace(download, headers=headers)


def _own_style() -> dict[str, str]:
    """The policy for a page that carries its style sheet, and nothing else, within it."""
    digest = hashlib.sha256(report_page.style().encode()).digest()
    allowed = f"style-src 'sha256-{base64.b64encode(digest).decode()}'"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; frame-ancestors 'none'"
    return {"Content-Security-Policy": policy}


def _form(asked: Asked, description: QuestionDescription, given: Mapping[str, object]) -> Response:
    return page(
        asked,
        "question.html",
        question=description,
        parameters=_fields(description, given),
        answer=None,
    )


def _shown(asked: Asked, answer: Answer, given: Mapping[str, object]) -> Response:
    head = answer.head(asked.language)
    rows = [each["properties"] for each in json.loads(f"[{answer.features}]")]
    # What was posted cannot be asked again by an address.
    has_address = asked.method != "POST"
    following = (
        asked.this_url(cursor=answer.next_cursor) if answer.next_cursor and has_address else None
    )
    asked_for = {name: value for name, value in asked.parameters.items() if name != "cursor"}
    question = question_called(answer.description.id, asked.service.region).description
    return page(
        asked,
        "question.html",
        question=question,
        parameters=_fields(question, given),
        answer=head,
        figures=list(figures(head["counts"])),
        asked_again=json.dumps({k: v for k, v in given.items() if k not in ("limit", "cursor")})
        if has_address
        else None,
        # Feature ids are for programs; a person reads numbers and names.
        columns=[column for column in answer.columns if column.type is not FieldType.UUID],
        rows=rows,
        next_url=following,
        formats=[
            (each.id, asked.this_url(f=each.id, cursor=None))
            for each in OFFERED
            if each is not HTML and each.id not in FORMS and has_address
        ],
        in_background=[
            (id, f"{asked.path}?{encoded({**asked_for, 'f': id})}")
            for id in IN_BACKGROUND
            if has_address
        ],
        reports=[
            (form.extension.removeprefix(".").upper(), asked.this_url(f=form.id, cursor=None))
            for form in FORMS.values()
            if has_address
        ],
    )


def _fields(
    description: QuestionDescription, given: Mapping[str, object]
) -> list[tuple[Any, object]]:
    """The parameters of the form with what stands in them: what was given, else the default."""
    found = []
    for parameter in description.parameters:
        if parameter.name == "cursor":
            continue
        value = given.get(parameter.name, parameter.default)
        shown = ",".join(map(str, value)) if isinstance(value, tuple | list) else value
        found.append((parameter, "" if shown is None else shown))
    return found


def figures(counts: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Text, object]]:
    """Counts within counts as a list: the whole name of each, what it means, and its value."""
    for name, value in counts.items():
        if isinstance(value, Mapping):
            yield from figures(value, f"{before}{name}.")
        else:
            yield before + name, figure_title(before + name), value


def _described(asked: Asked, description: QuestionDescription) -> dict[str, Any]:
    """A question as the list describes it."""
    language = asked.language
    return {
        "id": description.id,
        "title": description.title.spoken(language),
        "description": description.description.spoken(language),
        "parameters": [
            {
                "name": each.name,
                "title": each.title.spoken(language),
                "required": each.required,
                "schema": parameter_schema(each, language),
                **({"default": each.default_text.spoken(language)} if each.default_text else {}),
            }
            for each in description.parameters
        ],
        "method": description.method.spoken(language),
        "sources": list(description.sources),
        "links": [
            link(asked, "self", asked.url(f"/questions/{description.id}"), JSON),
            link(asked, "alternate", asked.url(f"/questions/{description.id}", f="html"), HTML),
        ],
    }

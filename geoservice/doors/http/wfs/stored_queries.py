"""Stored queries: a feature by its id, and every question of the service (WFS 2.0.0, 14)."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lxml import etree
from starlette.responses import Response

from geoservice.crs import Crs
from geoservice.description import xml_names
from geoservice.description.collection import Collection
from geoservice.description.question import Parameter, ParameterType, QuestionDescription
from geoservice.description.records import Records
from geoservice.doors.http.presentation import VARY
from geoservice.doors.http.wfs import formats
from geoservice.doors.http.wfs.calls import Call
from geoservice.doors.http.wfs.documents import XML_LANGUAGE, XSD, Document, pieces, written
from geoservice.doors.http.wfs.operations import GetFeature, StoredQuery
from geoservice.doors.http.wfs.sources import Written, file_crs
from geoservice.doors.http.wfs.versions import Version
from geoservice.errors import BadParameter, MissingParameter, UnknownFeature, UnknownParameter
from geoservice.languages import LANGUAGES, Text
from geoservice.query.fes.feature_ids import uid_of
from geoservice.query.query import Query
from geoservice.questions import Question, all_rows, gml_rows
from geoservice.store import statements
from geoservice.store.gml import gml_members
from geoservice.store.pages import single_feature
from geoservice.xml import Element

GET_FEATURE_BY_ID = (
    "http://www.opengis.net/def/query/OGC-WFS/0/GetFeatureById",
    "urn:ogc:def:query:OGC-WFS::GetFeatureById",
)
"""The query that every service has (OGC 09-025r2, 7.9.3.6): its name, and its former one."""

QUESTION = "urn:geoservice:questions:"
"""What the names of questions begin with."""

QUERY_LANGUAGE = "urn:ogc:def:queryLanguage:OGC-WFS::WFS_QueryExpression"
_NOT_OFFERED = frozenset({"limit", "cursor"})
"""Parameters of questions in whose place `count` and `startIndex` stand."""

_TYPES: dict[ParameterType, str] = {
    ParameterType.NUMBER: "xsd:double",
    ParameterType.INTEGER: "xsd:int",
    ParameterType.BOOLEAN: "xsd:boolean",
    ParameterType.DATE: "xsd:date",
    ParameterType.DATETIME: "xsd:dateTime",
}
_BY_ID_TITLE = Text(zh="按编号取要素", en="Feature by id")
_ID_TITLE = Text(zh="要素编号", en="Feature id")


def is_feature_by_id(stored: StoredQuery) -> bool:
    """Whether a query is the one for a feature by its id."""
    return stored.id in GET_FEATURE_BY_ID


def feature_by_id(call: Call, wanted: GetFeature, stored: StoredQuery) -> Response:
    """One feature as the document itself; `UnknownFeature` if there is none."""
    form = formats.output(wanted.output_format, call.version).form
    if form is None:
        raise formats.unknown(str(wanted.output_format), call.version.formats)
    arguments, crs = _arguments(call, stored)
    for name in arguments.keys() - {"id", "as_of", "known_at"}:
        raise UnknownParameter(name=name, allowed=["id"])
    if not arguments.get("id"):
        raise MissingParameter(name="id", allowed="type.uuid")
    id = arguments["id"]
    collection = _collection_of(call, id)
    uid = uid_of(id, collection) if collection else None
    if collection is None or uid is None:
        raise UnknownFeature(name="id", collection="WFS", value=id)
    query = Query(as_of=call.as_of, known_at=call.known_at)
    writer = gml_members(collection, query, form.gml_form(crs, collection.native_srid))
    prepared = single_feature(collection, query, uid, writer)
    member, _ = call.service.database.document(prepared.sql, prepared.values)
    if member is None:
        raise UnknownFeature(name="id", collection=collection.id, value=id)
    feature = _feature(call, form, collection, member)
    return Response(written(feature), headers={"Vary": VARY}, media_type=form.media_type)


def _collection_of(call: Call, id: str) -> Collection | None:
    type = id.rpartition(".")[0]
    return call.collection_by_id(type) if type in call.service.registry.catalog else None


def _feature(call: Call, form: Version, collection: Collection, member: bytes) -> Element:
    """The feature within a member, as a document of its own."""
    document = Document(form, "wfs:FeatureCollection")
    document.add_place(document.root)
    opening, closing = pieces(document.root)
    # Our own text, of which a large geometry may be a part.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    feature = etree.fromstring(opening + member + closing, parser)[0][0]
    schema = call.schema_url(xml_names.type_name(collection))
    document.set(feature, xsi__schemaLocation=f"{xml_names.NAMESPACE} {schema}")
    return feature


@dataclass(frozen=True)
class QuestionSource:
    """Rows of the answer to a question."""

    call: Call
    question: Question
    arguments: Mapping[str, str]
    crs: Crs | None

    @property
    def type_name(self) -> str:
        """The name of its type: that of the question."""
        return f"{xml_names.PREFIX}:{self.question.description.id}"

    def matched(self) -> int:
        """How many rows the answer has."""
        return self._matched

    @cached_property
    def _matched(self) -> int:
        return int(self.call.service.database.scalar(self._count))

    @property
    def _count(self) -> Any:
        return statements.row_count(self._all.statement)

    @cached_property
    def _all(self) -> Any:
        service = self.call.service
        return all_rows(
            self.question, self.arguments, registry=service.registry, region=service.region
        )

    def page(self, form: Version, offset: int, limit: int) -> Written:
        """Some rows."""
        lines = b"".join(self.call.service.database.lines(self._lines(form, offset, limit)))
        return Written(lines.rstrip(b"\n"), lines.count(b"\n"), self.matched())

    def lines(
        self, form: Version, offset: int, limit: int | None
    ) -> tuple[int, Generator[bytes, None, None]]:
        """How many rows the answer has, and some of them."""
        database = self.call.service.database
        return database.counted_lines(self._count, self._lines(form, offset, limit))

    def _lines(self, form: Version, offset: int, limit: int | None) -> Any:
        service = self.call.service
        return gml_rows(
            self.question,
            self.arguments,
            form.gml_form(self.crs),
            registry=service.registry,
            region=service.region,
            offset=offset,
            limit=limit,
        )

    def rows(self) -> tuple[Records, Any, Crs]:
        """Everything for a file."""
        return self._all.records, self._all.statement, file_crs(self.crs)


def question_source(call: Call, stored: StoredQuery) -> QuestionSource:
    """The rows that a question answers with; `BadParameter` names the questions there are."""
    question = call.questions.get(stored.id.removeprefix(QUESTION))
    if question is None or not stored.id.startswith(QUESTION):
        raise BadParameter(name="storedQuery_id", value=stored.id, allowed=_ids(call))
    arguments, crs = _arguments(call, stored)
    offered = [each.name for each in _offered(question.description)]
    for name in arguments:
        if name not in offered:
            raise UnknownParameter(name=name, allowed=offered)
    return QuestionSource(call, question, arguments, crs)


def _arguments(call: Call, stored: StoredQuery) -> tuple[dict[str, str], Crs | None]:
    """The arguments, and the CRS that the features are wanted in."""
    arguments = dict(stored.arguments)
    named = [name for name in arguments if name.lower() == "srsname"]
    reading = call.version.gml_reading(call.service.crs_offered, place="srsName")
    crs = reading.crs(arguments.pop(named[0])) if named else None
    return arguments, crs


def listed(call: Call) -> Response:
    """The stored queries with titles in both languages and the types of what they give."""
    document = Document(call.version, "wfs:ListStoredQueriesResponse")
    for id in GET_FEATURE_BY_ID:
        query = document.add(document.root, "wfs:StoredQuery", id=id)
        _add_text(document, query, "wfs:Title", _BY_ID_TITLE)
        for each in call.collections:
            document.add(query, "wfs:ReturnFeatureType", xml_names.type_name(each))
    for question in call.questions.values():
        description = question.description
        query = document.add(document.root, "wfs:StoredQuery", id=QUESTION + description.id)
        _add_text(document, query, "wfs:Title", description.title)
        document.add(query, "wfs:ReturnFeatureType", f"{xml_names.PREFIX}:{description.id}")
    return _response(document)


def described(call: Call, ids: tuple[str, ...]) -> Response:
    """Stored queries with their parameters; all of them if none is named."""
    known = _ids(call)
    document = Document(call.version, "wfs:DescribeStoredQueriesResponse", also={"xsd": XSD})
    for id in ids or known:
        if id not in known:
            raise BadParameter(name="storedQuery_id", value=id, allowed=known)
        query = document.add(document.root, "wfs:StoredQueryDescription", id=id)
        if id in GET_FEATURE_BY_ID:
            _describe_by_id(call, document, query)
        else:
            _describe(document, query, call.questions[id.removeprefix(QUESTION)].description)
    return _response(document)


def _describe_by_id(call: Call, document: Document, query: Element) -> None:
    _add_text(document, query, "wfs:Title", _BY_ID_TITLE)
    parameter = document.add(query, "wfs:Parameter", name="id", type="xsd:string")
    _add_text(document, parameter, "wfs:Title", _ID_TITLE)
    types = " ".join(xml_names.type_name(each) for each in call.collections)
    _add_expression(document, query, types)


def _describe(document: Document, query: Element, description: QuestionDescription) -> None:
    _add_text(document, query, "wfs:Title", description.title)
    _add_text(document, query, "wfs:Abstract", description.description)
    for each in _offered(description):
        type = _TYPES.get(each.type, "xsd:string")
        parameter = document.add(query, "wfs:Parameter", name=each.name, type=type)
        _add_text(document, parameter, "wfs:Title", each.title)
        _add_text(document, parameter, "wfs:Abstract", _about(each))
    _add_expression(document, query, f"{xml_names.PREFIX}:{description.id}")


def _add_expression(document: Document, query: Element, types: str) -> None:
    expression = document.add(
        query, "wfs:QueryExpressionText", returnFeatureTypes=types, language=QUERY_LANGUAGE
    )
    expression.set("isPrivate", "true")


def _offered(description: QuestionDescription) -> list[Parameter]:
    return [each for each in description.parameters if each.name not in _NOT_OFFERED]


def _about(parameter: Parameter) -> Text:
    """What a parameter means, what it may be, and what it is if it is not given."""
    found = [parameter.description] if parameter.description else []
    if parameter.unit is not None:
        found.append(Text(zh=f"单位：{parameter.unit.symbol}", en=f"Unit: {parameter.unit.symbol}"))
    if parameter.choices:
        codes = ", ".join(code for code, _ in parameter.choices)
        found.append(Text(zh=f"可用：{codes}", en=f"Allowed: {codes}"))
    if parameter.required:
        found.append(Text(zh="必填", en="Required"))
    elif parameter.default_text is not None:
        title = parameter.default_text
        found.append(Text(zh=f"默认：{title.zh}", en=f"Default: {title.en}"))
    elif parameter.default is not None:
        default = parameter.default
        shown = ",".join(default) if isinstance(default, tuple) else str(default)
        found.append(Text(zh=f"默认：{shown}", en=f"Default: {shown}"))
    return Text(
        zh="；".join(each.zh.rstrip("。") for each in found) or parameter.title.zh,
        en="; ".join(each.en.rstrip(".") for each in found) or parameter.title.en,
    )


def _ids(call: Call) -> list[str]:
    return [*GET_FEATURE_BY_ID, *(QUESTION + id for id in call.questions)]


def _add_text(document: Document, parent: Element, name: str, text: Text) -> None:
    for language in LANGUAGES:
        document.add(parent, name, text.spoken(language)).set(XML_LANGUAGE, language)


def _response(document: Document) -> Response:
    return Response(
        written(document.root), headers={"Vary": VARY}, media_type="text/xml; charset=utf-8"
    )

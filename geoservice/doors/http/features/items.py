"""Features of a collection as they are read (OGC API Features, Parts 1 to 3): pages, one, files."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from starlette.responses import Response

from geoservice import __version__
from geoservice.description.collection import Collection
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.downloads import FILES, GEOJSON, collection_download, sent, shown_name
from geoservice.doors.http.editing.preconditions import feature_tag
from geoservice.doors.http.features import cursors, reading
from geoservice.doors.http.features import pages as feature_pages
from geoservice.doors.http.features.found import FoundPage, Matched
from geoservice.doors.http.features.ids import absent, feature_id, versions_path
from geoservice.doors.http.features.reading import FeaturesRequest
from geoservice.doors.http.jobs import deferred
from geoservice.doors.http.negotiation import HTML, Representation, chosen
from geoservice.doors.http.presentation import VARY, plainly_escaped
from geoservice.errors import UnknownFeature
from geoservice.languages import Text
from geoservice.query.query import Query
from geoservice.store import pages, statements

_OFFERED = (GEOJSON, HTML, *FILES)


def features(asked: Asked) -> Response:
    """Features of one collection, in the representation that the client wants."""
    service = asked.service
    collection = asked.collection(asked.path_parameter("collection"))
    wanted = reading.features_request(collection, asked.parameters, service)
    representation = chosen(asked, _OFFERED)
    if representation is HTML:
        shown = wanted.with_limit(reading.SHOWN_ON_A_PAGE)
        return feature_pages.features(asked, collection, shown, _found(asked, collection, shown))
    if representation is not GEOJSON:
        download = collection_download(asked, collection, wanted, representation)
        return deferred(asked, download) or sent(download)
    validator = asked.headers.get("if-none-match")
    if validator is not None:
        tag = entity_tag(asked, service.facts.version(collection))
        if is_named(validator, tag):
            return Response(status_code=304, headers={"ETag": tag, "Vary": VARY})
    return _geojson(asked, wanted, _found(asked, collection, wanted))


def _found(asked: Asked, collection: Collection, wanted: FeaturesRequest) -> FoundPage:
    """The page, in one statement."""
    service = asked.service
    limit = service.limits.count_limit
    query, page = wanted.query, wanted.page
    counts = query.is_restricted and wanted.counting == "capped" and not page.after
    prepared = pages.geojson_page(collection, query, page, count_limit=limit if counts else None)
    features, found, last, version, counted = service.database.document(
        prepared.sql, prepared.values
    )
    assert found is not None
    assert version is not None
    has_more = int(found) > page.limit
    data_version = version.decode()
    number = (
        int(counted) if counted is not None else _count(asked, collection, wanted, data_version)
    )
    next_cursor = None
    if has_more and last is not None:
        place = cursors.Place(tuple(json.loads(last)), number)
        next_cursor = cursors.token(wanted.belongs_to, place)
    return FoundPage(
        features=plainly_escaped(features or b""),
        returned=min(int(found), page.limit),
        next_cursor=next_cursor,
        version=data_version,
        matched=Matched(number, is_exact=_is_exact(wanted, number, limit)),
    )


def _count(
    asked: Asked, collection: Collection, wanted: FeaturesRequest, version: str
) -> int | None:
    """The count where the statement of the page has not counted."""
    service = asked.service
    if wanted.counting == "none":
        return None
    if not wanted.query.is_restricted:
        return service.facts.count(collection, version)
    if wanted.page.after:
        return wanted.matched
    return int(service.database.scalar(statements.matched(collection, wanted.query, None)))


def _is_exact(wanted: FeaturesRequest, number: int | None, limit: int) -> bool:
    if number is None:
        return False
    return not wanted.query.is_restricted or wanted.counting == "exact" or number <= limit


def _geojson(asked: Asked, wanted: FeaturesRequest, found: FoundPage) -> Response:
    """The FeatureCollection: what the database wrote, with what the standard wants around it."""
    exact = found.matched.number if found.matched.is_exact else None
    links = _links(asked, found)
    head: dict[str, Any] = {"type": "FeatureCollection"}
    if exact is not None:
        head["numberMatched"] = exact
    head |= {
        "numberReturned": found.returned,
        "matched": found.matched.to_json(asked),
        "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "links": links,
    }
    opening = json.dumps(head, ensure_ascii=False, separators=(",", ":"))[:-1] + ',"features":['
    headers = {
        "Content-Crs": f"<{shown_name(wanted.query)}>",
        "Content-Language": asked.language,
        "ETag": entity_tag(asked, found.version),
        "Vary": VARY,
        "OGC-NumberReturned": str(found.returned),
        "Link": ", ".join(
            f'<{link["href"]}>; rel="{link["rel"]}"; type="{link["type"]}"' for link in links
        ),
    }
    if exact is not None:
        headers["OGC-NumberMatched"] = str(exact)
    body = b"".join((opening.encode(), found.features, b"]}"))
    return Response(body, headers=headers, media_type=GEOJSON.media_type)


def _links(asked: Asked, found: FoundPage) -> list[dict[str, str]]:
    links = [link(asked, "self", asked.this_url(), GEOJSON)]
    links.append(link(asked, "alternate", asked.this_url(f=HTML.id), HTML))
    if found.next_cursor is not None:
        following = asked.this_url(cursor=found.next_cursor, offset=None)
        title = Text(zh="下一页", en="Next page").spoken(asked.language)
        links.append(link(asked, "next", following, GEOJSON) | {"title": title})
    path = asked.path.removesuffix("/items")
    about = Text(zh="图层", en="The collection").spoken(asked.language)
    links.append(
        {"rel": "collection", "type": "application/json", "href": asked.url(path), "title": about}
    )
    return links


def link(asked: Asked, rel: str, href: str, representation: Representation) -> dict[str, str]:
    """A link to a representation."""
    return {
        "rel": rel,
        "type": representation.media_type.removesuffix("; charset=utf-8"),
        "href": href,
        "title": representation.title.spoken(asked.language),
    }


def feature(asked: Asked) -> Response:
    """One feature."""
    collection = asked.collection(asked.path_parameter("collection"))
    query = reading.feature_query(collection, asked.parameters, asked.service)
    representation = chosen(asked, (GEOJSON, HTML))
    uid = feature_id(collection, asked.path_parameter("feature"))
    content, version = _read(asked, collection, query, uid)
    if representation is not HTML:
        return _geojson_feature(asked, collection, query, uid, content, version)
    digest = hashlib.sha256(content).hexdigest()
    tag = feature_tag(version, entity_tag(asked, HTML.id + digest).strip('"'))
    if is_named(asked.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers={"ETag": tag, "Vary": VARY})
    answer = feature_pages.feature(asked, collection, json.loads(content))
    answer.headers["ETag"] = tag
    return answer


def written_feature(asked: Asked, collection: Collection, uid: UUID) -> Response:
    """A feature as an edit has left it, in longitude and latitude, with its tag."""
    content, version = _read(asked, collection, Query(), uid)
    return _geojson_feature(asked, collection, Query(), uid, content, version)


def _read(asked: Asked, collection: Collection, query: Query, uid: UUID) -> tuple[bytes, str]:
    """A feature and its version."""
    prepared = pages.geojson_feature(collection, query, uid)
    feature, version = asked.service.database.document(prepared.sql, prepared.values)
    if feature is not None and version is not None:
        return plainly_escaped(feature), version.decode()
    if query.known_at is not None:
        raise UnknownFeature(collection=collection.id, value=str(uid))
    raise absent(asked, collection, uid)


def _geojson_feature(
    asked: Asked, collection: Collection, query: Query, uid: UUID, content: bytes, version: str
) -> Response:
    digest = entity_tag(asked, hashlib.sha256(content).hexdigest()).strip('"')
    tag = feature_tag(version, digest)
    headers = {
        "Content-Crs": f"<{shown_name(query)}>",
        "Content-Language": asked.language,
        "ETag": tag,
        "Vary": VARY,
    }
    if asked.method in ("GET", "HEAD") and is_named(asked.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    path = f"/collections/{collection.id}"
    given = asked.parameters if asked.method in ("GET", "HEAD") else {}
    own = f"{path}/items/{uid}"
    versions = asked.url(versions_path(collection.id, uid))
    links = [
        link(asked, "self", asked.url(own, **given), GEOJSON),
        link(asked, "alternate", asked.url(own, **{**given, "f": HTML.id}), HTML),
        {"rel": "collection", "type": "application/json", "href": asked.url(path)},
        {"rel": "version-history", "type": "application/json", "href": versions},  # RFC 5829
    ]
    closing_part = ',"links":' + json.dumps(links, ensure_ascii=False) + "}"
    return Response(
        content[:-1] + closing_part.encode(), headers=headers, media_type=GEOJSON.media_type
    )


def entity_tag(asked: Asked, version: str) -> str:
    """A strong validator: the data's version, and everything else that the bytes depend on."""
    about: Mapping[str, str] = asked.parameters
    seen = asked.principal.sees_private
    parts = [asked.base, asked.path, sorted(about.items()), asked.language, seen, __version__]
    digest = hashlib.sha256(json.dumps([version, *parts]).encode()).hexdigest()[:24]
    return f'"{digest}"'


def is_named(validator: str, tag: str) -> bool:
    """Whether `If-None-Match` names a tag (RFC 9110, 13.1.2: weakly compared)."""
    named = {part.strip().removeprefix("W/") for part in validator[:4096].split(",")}
    return "*" in named or tag in named

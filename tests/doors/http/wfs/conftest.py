"""Asking the WFS and reading its answers as XML."""

from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree
from starlette.testclient import TestClient

NAMESPACES = {
    "wfs": "http://www.opengis.net/wfs/2.0",
    "wfs1": "http://www.opengis.net/wfs",
    "ows": "http://www.opengis.net/ows/1.1",
    "ows1": "http://www.opengis.net/ows",
    "fes": "http://www.opengis.net/fes/2.0",
    "ogc": "http://www.opengis.net/ogc",
    "gml": "http://www.opengis.net/gml/3.2",
    "gml3": "http://www.opengis.net/gml",
    "gs": "urn:geoservice:collections",
    "xlink": "http://www.w3.org/1999/xlink",
    "xsd": "http://www.w3.org/2001/XMLSchema",
}
FID = "{http://www.opengis.net/gml/3.2}id"

Document = etree._Element


def found(root: Document, path: str) -> list[Any]:
    """What an XPath finds, with the prefixes above."""
    return root.xpath(path, namespaces=NAMESPACES)


def qualified(name: str) -> str:
    prefix, local = name.split(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


Asking = Callable[..., Document]


@pytest.fixture(scope="module")
def ask(client: TestClient) -> Asking:
    """Asks by GET with keywords; the status is 200 unless `status` says another."""

    def asking(
        request: str | None = "GetFeature",
        version: str | None = "2.0.0",
        *,
        status: int = 200,
        **more: Any,
    ) -> Document:
        keywords = {"service": "WFS", "version": version, "request": request, **more}
        given = {name: value for name, value in keywords.items() if value is not None}
        answer = client.get("/wfs", params=given)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"].endswith("charset=utf-8")
        return etree.fromstring(answer.content)

    return asking


@pytest.fixture(scope="module")
def post(client: TestClient) -> Asking:
    """Asks by POST."""

    def posting(body: str | bytes, *, status: int = 200, **keywords: str) -> Document:
        content = body if isinstance(body, bytes) else body.encode()
        answer = client.post(
            "/wfs", content=content, params=keywords, headers={"content-type": "text/xml"}
        )
        assert answer.status_code == status, answer.text
        return etree.fromstring(answer.content)

    return posting


def exception(root: Document) -> tuple[str | None, str | None, str]:
    """Code, locator and text of an exception report of any version."""
    if root.tag == qualified("ogc:ServiceExceptionReport"):
        return root[0].get("code"), root[0].get("locator"), root[0].text or ""
    assert etree.QName(root).localname == "ExceptionReport"
    return root[0].get("exceptionCode"), root[0].get("locator"), "".join(root.itertext())


def names(root: Document, path: str) -> list[str]:
    return [each.get("name") for each in found(root, path)]

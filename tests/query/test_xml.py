"""XML from outside: what is read, what is refused, and that nothing is fetched or expanded."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from geoservice.errors import Malformed, TooLarge
from geoservice.languages import LANGUAGES, Text
from geoservice.xml import XmlLimits, has_text, local_name, namespace, parsed

NAME = Text(zh="请求", en="the request")
LIMITS = XmlLimits(max_bytes=20_000_000)


def read(body: bytes | str, **limits: int):
    return parsed(body, name=NAME, limits=XmlLimits(**{"max_bytes": 20_000_000, **limits}))


@pytest.fixture
def canary() -> Iterator[tuple[str, list[str]]]:
    """A server that hears whether anything is fetched."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    thread.join()
    server.server_close()


# What is read


def test_names_and_texts_are_read_without_comments_and_instructions():
    root = read(
        b'<?xml version="1.0"?><!-- a --><?b c?><x:r xmlns:x="urn:x">a<!-- b -->b<c/></x:r>'
    )
    assert (local_name(root), namespace(root), root.text) == ("r", "urn:x", "ab")
    assert [local_name(child) for child in root] == ["c"]
    assert namespace(root[0]) == ""


def test_text_between_children_is_seen():
    assert has_text(read(b"<a>x<b/></a>"))
    assert has_text(read(b"<a><b/>x</a>"))
    assert not has_text(read(b"<a> <b/>\n</a>"))


def test_the_five_entities_and_character_references_are_read():
    assert read(b"<a>&lt;&gt;&amp;&apos;&quot;&#22320;</a>").text == "<>&'\"地"


def test_a_cdata_section_may_speak_of_a_doctype():
    assert read(b"<a><![CDATA[<!DOCTYPE a>]]></a>").text == "<!DOCTYPE a>"


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("UTF-8", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("utf8", "utf-8"),
        ("UTF-16", "utf-16"),
        ("GB18030", "gb18030"),
        ("GBK", "gbk"),
        ("gb2312", "gb2312"),
    ],
)
def test_the_encodings_of_our_users_are_read_without_mojibake(declared, codec):
    text = f'<?xml version="1.0" encoding="{declared}"?><a b="东莞">地质灾害</a>'
    root = read(text.encode(codec))
    assert (root.text, root.get("b")) == ("地质灾害", "东莞")


def test_utf_16_is_read_in_both_orders_of_bytes():
    for codec, mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")):
        assert read(mark + "<a>地</a>".encode(codec)).text == "地"


def test_a_decoded_text_is_read_whatever_encoding_it_declares():
    assert read('<?xml version="1.0" encoding="GBK"?><a>地</a>').text == "地"


# Encodings that are refused


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0" encoding="UTF-7"?><a>+AGE-</a>',
        b'<?xml version="1.0" encoding="iso-8859-1"?><a>\xe9</a>',
        b'<?xml version="1.0" encoding="UTF-16"?><a/>',
        '<?xml version="1.0" encoding="UTF-8"?><a>地</a>'.encode("utf-16"),
        '<?xml version="1.0" encoding="GBK"?><a>地</a>'.encode("utf-8-sig"),
        "<a>地</a>".encode("utf-16-le"),
        "<a>地</a>".encode("utf-32"),
        "<a>地</a>".encode("gbk"),
        b"<a>\xff</a>",
        b'<?xml version="1.0" ' + b" " * 300 + b'encoding="GBK"?><a>\xb5\xd8</a>',
        b'<?xml version="1.0" encoding="nothing-known"?><a/>',
    ],
)
def test_an_encoding_that_is_unknown_or_not_the_one_declared_is_refused(body):
    with pytest.raises(Malformed):
        read(body)


# Entities and fetching

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha" * 10}">' for n in range(10))


@pytest.mark.parametrize(
    "body",
    [
        f"<!DOCTYPE a [{LAUGHS}]><a>&l9;</a>",
        f"<!DOCTYPE a [{LAUGHS}]><a b='&l9;'/>",
        f"<!DOCTYPE a [<!ENTITY q '{'x' * 100_000}'>]><a>{'&q;' * 10_000}</a>",
        "<!DOCTYPE a SYSTEM 'file:///etc/hostname'><a/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><a>&x;</a>",
        "<!DOCTYPE a><a/>",
        "\n<!-- a --><?b?>\n<!DOCTYPE a><a/>",
        "<?xml version='1.0' encoding='UTF-8'?>\n<!DOCTYPE a><a/>",
        "\ufeff\ufeff<!DOCTYPE a><a/>",
        "<?xml version='1.0'?>\ufeff<!DOCTYPE a><a/>",
    ],
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_a_doctype_is_refused_before_it_can_declare_anything(body, codec):
    declared = body.replace("UTF-8", codec)
    with pytest.raises(Malformed):
        read(declared.encode(codec))


def test_the_reason_names_the_doctype_in_both_languages():
    with pytest.raises(Malformed) as mistake:
        read(b"<!DOCTYPE a><a/>")
    assert all("DOCTYPE" in mistake.value.text(language) for language in LANGUAGES)


def test_nothing_is_fetched(canary):
    address, heard = canary
    parameter_entity = f'<!DOCTYPE a [<!ENTITY % p SYSTEM "{address}/p">%p;]><a/>'
    with pytest.raises(Malformed):
        read(parameter_entity)
    root = read(
        f'<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x {address}/s"'
        f' xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="{address}/l">'
        f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{address}/i"/></a>'
    )
    assert local_name(root[0]) == "include"
    assert heard == []


def test_an_entity_that_is_not_declared_is_refused():
    for body in (b"<a>&b;</a>", b"<a b='&b;'/>"):
        with pytest.raises(Malformed):
            read(body)


# Size and shape


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        (b"<a>" * 100_000 + b"</a>" * 100_000, "max_xml_depth"),
        (
            b"<a " + b" ".join(b'a%d=""' % n for n in range(100_000)) + b"/>",
            "max_xml_markup_characters",
        ),
        (b"<a " + b" ".join(b'a%d=">"' % n for n in range(100_000)) + b"/>", "max_xml_attributes"),
        (b'<a b="' + b"x" * 10_000_000 + b'"/>', "max_xml_markup_characters"),
        (b'<a b="' + b">x" * 2_000_000 + b'"/>', "max_xml_attribute_characters"),
        (
            b"<a " + b" ".join(b'xmlns:n%d="u:%d>"' % (n, n) for n in range(5_000)) + b"/>",
            "max_xml_namespaces",
        ),
        (b"<a>" + b"<b/>" * 100_001 + b"</a>", "max_xml_elements"),
        (b"<a>" + b" " * 20_000_000 + b"</a>", "max_xml_bytes"),
    ],
)
def test_what_is_beyond_a_limit_is_refused_by_its_name(body, limit):
    with pytest.raises(TooLarge) as mistake:
        read(body)
    assert mistake.value.parts["limit_name"] == limit


@pytest.mark.parametrize(
    ("limit", "inside", "beyond"),
    [
        ("max_depth", b"<a><b/></a>", b"<a><b><c/></b></a>"),
        ("max_elements", b"<a><b/></a>", b"<a><b/><c/></a>"),
        ("max_attributes", b"<a b='' c=''/>", b"<a b='' c='' d=''/>"),
        ("max_attribute_characters", b"<a b='xy'/>", b"<a b='xyz'/>"),
        ("max_markup_characters", b"<a></a>", b"<a b=''/>"),
        (
            "max_namespaces",
            b"<a xmlns='u:a' xmlns:b='u:b'/>",
            b"<a xmlns='u:a' xmlns:b='u:b' xmlns:c='u:c'/>",
        ),
    ],
)
def test_each_limit_holds_to_the_last_one(limit, inside, beyond):
    read(inside, **{limit: 2})
    with pytest.raises(TooLarge):
        read(beyond, **{limit: 2})


def test_the_bytes_are_those_of_utf_8_for_a_decoded_text():
    read("<a>地</a>", max_bytes=10)
    with pytest.raises(TooLarge):
        read("<a>地</a>", max_bytes=9)


def test_one_namespace_declared_on_every_child_counts_once():
    children = b"<b xmlns='urn:x'/>" * 100
    assert len(read(b"<a>" + children + b"</a>")) == 100


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"text",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a>\0</a>",
        b"<a>\x01</a>",
        b"<a>&#0;</a>",
        b"<x:a/>",
        b"<a b='1' b='2'/>",
        b"<!-- ",
        b"<?x",
        b" <?xml version='1.0'?><a/>",
        b"<?xml version='2.0'?><a/>",
        "<a>\ud800</a>",
        b"{}",
    ],
)
def test_what_is_not_xml_is_refused(body):
    with pytest.raises(Malformed):
        read(body)

"""The picture of the README: one real answer, drawn from the service that gave it.

`python -m geoservice.docs.picture [ADDRESS]` asks a running service with the demo data (without an
address the one on this machine) and writes `images/answer.svg`. Nothing in it is drawn by hand.
"""

import json
import math
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

FILE = Path(__file__).parent / "images/answer.svg"
ADDRESS = "http://127.0.0.1:8000"

_DAY = "2021-06-25"
_COLOURS = {"certain": "#c2410c", "possible": "#d97706", "unknown": "#64748b"}
_SCHOOL, _SITE, _LAND, _BORDER, _INK, _FAINT = (
    "#2563eb",
    "#78716c",
    "#f5f5f0",
    "#b8b8ac",
    "#1f2937",
    "#6b7280",
)
_ZOOM_WIDTH_M, _ZOOM_HEIGHT_M = 1_800.0, 1_216.0
_METRES_PER_DEGREE = 111_320.0

Feature = Mapping[str, Any]
Position = Sequence[float]
Place = Callable[[Position], tuple[float, float]]


def drawn(address: str) -> str:
    """The picture as SVG, from the answers of the service at an address."""
    answer = _asked(address, "questions/remediation_sites_near_schools", distance_m=500)
    kinds = ", ".join(f"'{kind}'" for kind in answer["parameters"]["facility_kinds"])
    schools = f"kind IN ({kinds}) AND status = 'operating'"
    layers = {
        "towns": _asked(address, "collections/towns/items", sortby="code")["features"],
        "sites": _asked(
            address,
            "collections/hazard_sites/items",
            register_kind="hidden_danger",
            sortby="site_no",
        )["features"],
        "schools": _asked(
            address, "collections/facilities/items", filter=schools, sortby="facility_no"
        )["features"],
    }
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1080 610" role="img" '
        'aria-label="Remediation sites within 500 m of schools in the synthetic demo data" '
        "font-family=\"system-ui, 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif\">",
        '<rect width="1080" height="610" fill="#ffffff"/>',
        *_city(layers, answer["features"]),
        *_zoom(layers, answer["features"]),
        *_account(answer),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _asked(address: str, path: str, **parameters: object) -> dict[str, Any]:
    wanted = {"f": "geojson", "lang": "en", "as_of": _DAY, "limit": 10_000, **parameters}
    with urlopen(f"{address}/{path}?{urlencode(wanted)}") as response:  # noqa: S310 (the caller's)
        found: dict[str, Any] = json.load(response)
    return found


def _city(layers: Mapping[str, list[Feature]], pairs: list[Feature]) -> Iterator[str]:
    """The whole city: towns, all sites and schools, and the sites of the answer in colour."""
    corners = [corner for town in layers["towns"] for ring in _rings(town) for corner in ring]
    place = _placing(corners, left=20, top=64, width=640, height=500)
    yield from (_area(ring, place, _LAND, _BORDER) for t in layers["towns"] for ring in _rings(t))
    for town in filter(_has_place, layers["towns"]):
        x, y = place(_middle(max(_rings(town), key=len)))
        name = town["properties"]["name"].removesuffix("街道").removesuffix("镇")
        yield _words(x, y, name, size=9.5, colour="#a3a398", anchor="middle")
    for school in layers["schools"]:
        yield _square(place(school["geometry"]["coordinates"]), 1.4, _SCHOOL, 0.55)
    for site in layers["sites"]:
        yield _circle(place(site["geometry"]["coordinates"]), 1.8, _SITE)
    for pair in reversed(pairs):
        centre = place(pair["geometry"]["coordinates"][0])
        yield _circle(centre, 4.2, _COLOURS[pair["properties"]["certainty"]])


def _zoom(layers: Mapping[str, list[Feature]], pairs: list[Feature]) -> Iterator[str]:
    """One site with the schools around it: what is certain, what is possible, what is beyond."""
    told = _most_telling(pairs)
    centre = told["geometry"]["coordinates"][0]
    x, y, width, height = 690.0, 64.0, 370.0, 250.0
    place = _placing(list(_window(centre)), left=x, top=y, width=width, height=height)
    frame = f'<rect x="{x}" y="{y}" width="{width}" height="{height}"'
    yield f'<clipPath id="zoom">{frame}/></clipPath><g clip-path="url(#zoom)">{frame} fill="{_LAND}"/>'
    yield from _within(place(centre), 500 * width / _ZOOM_WIDTH_M)
    for school in layers["schools"]:
        yield from (_area(ring, place, "#dbeafe", _SCHOOL) for ring in _rings(school, "campus"))
        yield _square(place(school["geometry"]["coordinates"]), 3.2, _SCHOOL, 1)
    for site in layers["sites"]:
        yield from (_area(ring, place, "#fed7aa", _SITE) for ring in _rings(site, "footprint"))
        yield _circle(place(site["geometry"]["coordinates"]), 3.4, _SITE)
    for pair in pairs:
        yield from _pair(pair, place)
    yield f'</g>{frame} fill="none" stroke="{_BORDER}"/>'
    yield _words(x + 8, y + height - 8, told["properties"]["site_name"], size=10.5, colour=_FAINT)


def _within(centre: tuple[float, float], radius: float) -> Iterator[str]:
    x, y = centre
    yield (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#ffffff" '
        f'stroke="{_FAINT}" stroke-dasharray="4 4"/>'
    )
    yield _words(x, y + radius - 6, "500 m", size=11, anchor="middle", colour=_FAINT)


def _pair(pair: Feature, place: Place) -> Iterator[str]:
    facts = pair["properties"]
    colour = _COLOURS[facts["certainty"]]
    (x1, y1), (x2, y2) = (place(end) for end in pair["geometry"]["coordinates"])
    yield f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" stroke-width="2"/>'
    words = f"{facts['distance_m']:.0f} m"
    if facts["distance_uncertainty_m"]:
        words += f" ± {facts['distance_uncertainty_m']:.0f}"
    yield (
        f'<text x="{(x1 + x2) / 2 + 5:.1f}" y="{(y1 + y2) / 2 + 4:.1f}" font-size="11" fill="{colour}" '
        f'stroke="{_LAND}" stroke-width="3" paint-order="stroke" font-weight="600">{words}</text>'
    )


def _account(answer: Mapping[str, Any]) -> Iterator[str]:
    """What the answer says of itself."""
    yield _words(
        20, 30, "Which remediation sites lie within 500 m of a school?", size=20, weight=600
    )
    yield _words(
        20,
        51,
        "哪些在册治理点在学校 500 米以内？　geoservice ask remediation_sites_near_schools",
        size=13,
    )
    yield _words(
        1060, 30, "SYNTHETIC 合成数据", size=17, weight=700, colour="#b91c1c", anchor="end"
    )
    yield _words(1060, 51, "demo data · 演示数据", size=13, colour="#b91c1c", anchor="end")
    yield from _counts(answer["counts"], 690, 346)
    yield from _legend(answer["counts"]["certainty"], 690, 424)
    unknown = (
        *_wrapped(answer["coverage"][0]["statement"], 56),
        "No data is not “none”. 没有数据不等于“没有”。",
    )
    for n, words in enumerate(unknown):
        yield _words(690, 524 + 18 * n, words, size=12.5, colour=_FAINT)
    footer = (
        f"as of {answer['as_of']} · geodesic on CGCS2000 · town areas are schematic 镇街界线为示意, "
        "from GeoNames (CC BY 4.0)"
    )
    yield _words(20, 594, footer, size=12, colour=_FAINT)


def _counts(counts: Mapping[str, Any], x: float, y: float) -> Iterator[str]:
    considered, excluded = counts["considered"], counts["excluded"]
    head = f"{counts['pairs']} pairs · {counts['sites']} sites · {counts['facilities']} schools 对、点、学校"
    lines = (
        f"of {considered['sites']} sites and {considered['facilities']} schools considered",
        f"left out: {excluded['cancelled']} cancelled, {excluded['other_register']} of the other register",
    )
    yield _words(x, y, head, size=16, weight=600)
    yield from (_words(x, y + 22 * n, line, size=13) for n, line in enumerate(lines, 1))


def _legend(certainty: Mapping[str, int], x: float, y: float) -> Iterator[str]:
    meanings = {
        "certain": "within 500 m whatever the accuracy 确定",
        "possible": "the accuracy could change it 可能",
        "unknown": "an accuracy is not stated 未知",
    }
    for n, (name, meaning) in enumerate(meanings.items()):
        yield _circle((x + 6, y + 22 * n - 4), 4.6, _COLOURS[name])
        yield _words(x + 18, y + 22 * n, f"{certainty[name]} {name}: {meaning}", size=13)
    yield _circle((x + 6, y + 62), 2.4, _SITE)
    yield _words(x + 18, y + 66, "other hazard sites 其他隐患点", size=13)
    yield _square((x + 226, y + 62), 3, _SCHOOL, 1)
    yield _words(x + 236, y + 66, "schools 学校", size=13)


def _rings(feature: Feature, field: str | None = None) -> Iterator[list[Position]]:
    """The outer rings of a feature's polygons, in its geometry or in one of its fields."""
    geometry = feature["properties"].get(field) if field else feature["geometry"]
    if geometry is not None:
        yield from (polygon[0] for polygon in geometry["coordinates"])


def _has_place(feature: Feature) -> bool:
    return feature["geometry"] is not None


def _placing(
    corners: Sequence[Position], *, left: float, top: float, width: float, height: float
) -> Place:
    """From longitude and latitude to the picture: equal scale both ways, everything inside."""
    west, east = (pick(corner[0] for corner in corners) for pick in (min, max))
    south, north = (pick(corner[1] for corner in corners) for pick in (min, max))
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = min(width / ((east - west) * squeeze), height / (north - south))
    x0 = left + (width - (east - west) * squeeze * scale) / 2
    y0 = top + (height - (north - south) * scale) / 2

    def place(position: Position) -> tuple[float, float]:
        return x0 + (position[0] - west) * squeeze * scale, y0 + (north - position[1]) * scale

    return place


def _window(centre: Position) -> Iterator[Position]:
    """The south-western and north-eastern corner of the detail."""
    east = _METRES_PER_DEGREE * math.cos(math.radians(centre[1]))
    for sign in (-1, 1):
        x = centre[0] + sign * _ZOOM_WIDTH_M / 2 / east
        yield x, centre[1] + sign * _ZOOM_HEIGHT_M / 2 / _METRES_PER_DEGREE


def _most_telling(pairs: Iterable[Feature]) -> Feature:
    """A pair of the site whose pairs differ most in certainty; among these the one with most pairs."""
    by_site: dict[str, list[Feature]] = defaultdict(list)
    for pair in pairs:
        by_site[pair["properties"]["site_uid"]].append(pair)

    def told(found: list[Feature]) -> tuple[int, int]:
        return len({pair["properties"]["certainty"] for pair in found}), len(found)

    return max(by_site.values(), key=told)[0]


def _middle(ring: Sequence[Position]) -> Position:
    return [sum(each[axis] for each in ring[1:]) / (len(ring) - 1) for axis in (0, 1)]


def _area(ring: Iterable[Position], place: Place, fill: str, stroke: str) -> str:
    corners = " ".join("{:.1f},{:.1f}".format(*place(corner)) for corner in ring)
    return f'<polygon points="{corners}" fill="{fill}" stroke="{stroke}" stroke-width=".8"/>'


def _circle(centre: tuple[float, float], radius: float, colour: str) -> str:
    x, y = centre
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}" stroke="#fff" stroke-width=".7"/>'


def _square(centre: tuple[float, float], half: float, colour: str, opacity: float) -> str:
    x, y = centre[0] - half, centre[1] - half
    side = 2 * half
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{side}" height="{side}" fill="{colour}" opacity="{opacity}"/>'


def _words(
    x: float,
    y: float,
    words: str,
    *,
    size: float,
    colour: str = _INK,
    weight: int = 400,
    anchor: str = "start",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="{colour}">{words}</text>'
    )


def _wrapped(words: str, width: int) -> Iterator[str]:
    line = ""
    for word in words.split():
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    yield line


if __name__ == "__main__":
    FILE.write_text(drawn(sys.argv[1] if len(sys.argv) > 1 else ADDRESS), "utf-8")

"""Plans with their coverage, and control lines: all schematic, made of the schematic areas of towns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from random import Random

import shapely
from shapely.affinity import scale
from shapely.geometry import MultiPolygon, Polygon

from generator.files import Row
from generator.ground import Geometry, parcel, put_down
from generator.published import SITES_BY_TOWN
from generator.towns import Town

GROWTH_SHARE = 0.79
"""How far a growth boundary reaches from the middle of a town to its border: 1,419 km² in all, below
the 1,433.37 km² that the approved plan allows (国函〔2025〕15号)."""

WITHOUT_PLAN = ("石龙", "洪梅", "望牛墩", "高埗")
STILL_DRAFTING = ("企石", "东坑", "道滘", "中堂")
REVISED = ("长安", "麻涌")  # version 1 repealed, version 2 in force
PILOT_STATES = ("in_force",) * 9 + (
    "displayed",
    "under_approval",
    "drafting",
    "drafting",
    "drafting",
)
PILOT_TOWNS = (
    "寮步", "茶山", "石排", "横沥", "桥头", "大朗", "清溪", "麻涌", "企石", "沙田", "常平", "道滘",
    "石龙", "谢岗",
)  # fmt: skip
FARMLAND_CASE_TOWN = "茶山"


def growth_area(town: Town) -> Geometry:
    """Where a town may grow: its schematic area, drawn in towards the middle."""
    assert town.area is not None
    return _rounded(scale(town.area, GROWTH_SHARE, GROWTH_SHARE, origin="centroid"))


def _rounded(shape: Geometry) -> Geometry:
    valid = shapely.set_precision(shape, 1e-6)
    parts = valid.geoms if valid.geom_type == "MultiPolygon" else [valid]
    return MultiPolygon([shapely.orient_polygons(shapely.normalize(part)) for part in parts])


def plan_number(town: Town) -> str | None:
    """The number of a town's plan; None where it has none yet."""
    if town.short in (*WITHOUT_PLAN, *STILL_DRAFTING):
        return None
    return f"SYN-GH-Z-{town.code[-3:]}"


def plan_rows(towns: Sequence[Town], random: Random) -> Iterable[Row]:
    """Plans of the city, of towns and of pilot villages as the collection `plans` holds them."""
    city = _rounded(shapely.union_all([town.area for town in towns]))
    repealed = date(2025, 1, 15), date(2025, 1, 15)
    for version, status, since, until in (
        ("1", "repealed", date(2021, 12, 20), repealed[0]),
        ("2", "in_force", repealed[1], None),
    ):
        yield _plan(
            "SYN-GH-S", version, "示例·市级乡村建设规划（合成）", "city", status, city, since, until
        )
    for town in towns:
        number = f"SYN-GH-Z-{town.code[-3:]}"
        name = f"示例·{town.name}乡村建设规划（合成）"
        if town.short in WITHOUT_PLAN:
            continue
        if town.short in STILL_DRAFTING:
            yield _plan(number, "1", name, "town", "drafting", town.area, None, None, town)
            continue
        since = date(2021 + random.randint(0, 2), random.randint(1, 12), random.randint(1, 28))
        revised = date(2025, 6, 1) if town.short in REVISED else None
        status = "repealed" if revised else "in_force"
        yield _plan(number, "1", name, "town", status, town.area, since, revised, town)
        if revised:
            yield _plan(number, "2", name, "town", "in_force", town.area, revised, None, town)
    by_name = {town.short: town for town in towns}
    for index, (name, status) in enumerate(zip(PILOT_TOWNS, PILOT_STATES, strict=True), start=1):
        yield _pilot(index, by_name[name], status, random)


def _pilot(index: int, town: Town, status: str, random: Random) -> Row:
    """The plan of a pilot village; one that is still being drafted covers nothing yet."""
    since = date(2022, random.randint(1, 12), random.randint(1, 28))
    size, ratio = random.uniform(0.9e6, 2.4e6), random.uniform(1, 1.6)
    coverage = put_down(
        growth_area(town),
        (),
        lambda place: parcel(place, random.uniform(0, 180), size, ratio),
        random,
    )
    drafted = status == "drafting"
    return _plan(
        f"SYN-GH-C-{index:02d}", "1", f"示例·{town.name}试点村{index:02d}村庄规划（合成）",
        "pilot_village", status, None if drafted else coverage,
        since if status == "in_force" else None, None, town, random.choice(town.villages),
    )  # fmt: skip


def _plan(
    number: str,
    version: str,
    name: str,
    level: str,
    status: str,
    coverage: Geometry | None,
    since: date | None,
    until: date | None,
    town: Town | None = None,
    village: str | None = None,
) -> Row:
    return {
        "geometry": coverage,
        "plan_no": number,
        "version_no": version,
        "name": name,
        "level": level,
        "status": status,
        "town_code": town.code if town else None,
        "village_code": village,
        "is_pilot": level == "pilot_village",
        "period_from": 2021,
        "period_to": 2035,
        "in_force_from": since,
        "in_force_to": until,
        "document_no": f"示例规〔{since.year}〕{number[-3:]}号（合成）" if since else None,
    }


def edge_strips(town: Town) -> list[Geometry]:
    """Strips along the long edges of a town, outside its growth boundary."""
    assert town.area is not None
    outer = scale(town.area, 0.97, 0.97, origin="centroid").geoms[0].exterior.coords
    inner = scale(town.area, 0.82, 0.82, origin="centroid").geoms[0].exterior.coords
    strips = [
        _rounded(Polygon([outer[i], outer[i + 1], inner[i + 1], inner[i]]))
        for i in range(len(outer) - 1)
    ]
    return [strip for strip in strips if strip.area > 4e-5]  # some 0.45 km²


def control_lines(towns: Sequence[Town]) -> dict[str, Mapping[str, Geometry]]:
    """By kind and town: growth boundary; beyond it farmland in the plain, red line in the hills."""
    farmland, red_line = {}, {}
    for town in towns:
        strips = edge_strips(town)
        hilly = SITES_BY_TOWN.get(town.short, 0) >= 3
        fields = strips[1::3] if hilly else strips[::2]
        woods = strips[::3] if hilly else []
        if fields:
            farmland[town.code] = _rounded(shapely.union_all(fields))
        if woods:
            red_line[town.code] = _rounded(shapely.union_all(woods))
    return {
        "permanent_basic_farmland": farmland,
        "ecological_red_line": red_line,
        "urban_growth_boundary": {town.code: growth_area(town) for town in towns},
    }


LINE_NAMES = {
    "permanent_basic_farmland": ("YJNT", "永久基本农田"),
    "ecological_red_line": ("STHX", "生态保护红线"),
    "urban_growth_boundary": ("KFBJ", "城镇开发边界"),
}


def control_line_rows(
    lines: Mapping[str, Mapping[str, Geometry]], towns: Sequence[Town]
) -> Iterator[Row]:
    """Control lines, one feature for each town and kind."""
    names = {town.code: town.name for town in towns}
    for kind, by_town in lines.items():
        short, title = LINE_NAMES[kind]
        for code, shape in by_town.items():
            yield {
                "geometry": shape,
                "line_no": f"SYN-{short}-{code[-3:]}",
                "kind": kind,
                "name": f"示例·{names[code]}{title}（合成示意）",
                "document_no": None,
                "valid_from": date(2021, 1, 1),
                "valid_to": None,
            }

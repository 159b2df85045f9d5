"""Parcels for which quota is held or used: ordinary ones, and one of every kind of case."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from generator.files import Row
from generator.ground import (
    Geometry,
    Ground,
    Place,
    area,
    joined,
    measured_m2,
    parcel,
    put_down,
    rectangle,
)
from generator.planning import growth_area
from generator.towns import Town

TOWNS = ("寮步", "茶山", "石排", "麻涌", "清溪", "大朗", "沙田", "常平")
WORKED_TOWN = "寮步"  # holds 20,000, uses 15,000, releases 5,000 m² of the reservation
USED_IN_TOWN = 4  # ordinary parcels of each town that were charged, three in 2021 and one in 2022


@dataclass
class QuotaParcel:
    """A parcel for which quota is held or used."""

    number: str
    town: Town
    shape: Geometry
    project: str
    registered_on: date
    is_rural: bool = False
    withdrawn_on: date | None = None

    @property
    def amount(self) -> float:
        """The area to be charged: the measured one, to the square metre."""
        return float(round(measured_m2(self.shape)))


class QuotaParcels:
    """Makes parcels by what they are for: `ordinary`, `rural`, and a group for each case."""

    def __init__(
        self,
        towns: Mapping[str, Town],
        farmland: Mapping[str, Geometry],
        grounds: Sequence[Ground],
        random: Random,
    ) -> None:
        self.groups: dict[str, list[QuotaParcel]] = {}
        self._towns = towns
        self._farmland = farmland
        self._grounds = grounds
        self._random = random
        self._ordinary()
        self._charged_twice()
        self._where_they_should_not_be()
        town = towns["沙田"]
        self._add(
            "two parts",
            town,
            joined(self._free(town, 6000), self._free(town, 8000)),
            date(2021, 6, 21),
        )
        released = self._add(
            "released", towns["常平"], self._free(towns["常平"], 11_000), date(2021, 5, 17)
        )
        released.withdrawn_on = date(2021, 8, 9)

    @property
    def all(self) -> list[QuotaParcel]:
        """All of them, by number."""
        every = (each for group in self.groups.values() for each in group)
        return sorted(every, key=lambda each: each.number)

    def _ordinary(self) -> None:
        """The parcel of the worked example, those of towns, and those of the pool of 2022."""
        random, towns = self._random, self._towns
        town = towns[WORKED_TOWN]
        self._add("worked", town, self._free(town, 15_000), date(2021, 5, 6), rural=True)
        for name in TOWNS:
            for turn in range(USED_IN_TOWN):
                since = date(2022 if turn == 3 else 2021, 4 + turn, random.randint(1, 28))
                shape = self._free(towns[name], random.randint(5, 16) * 1000)
                self._add("ordinary", towns[name], shape, since)
        for name in ("茶山", "清溪", "麻涌"):
            since = date(2022, 4, random.randint(1, 28))
            shape = self._free(towns[name], random.randint(6, 14) * 1000)
            self._add("rural", towns[name], shape, since, rural=True)

    def _charged_twice(self) -> None:
        """Two parcels of an earlier ledger that share 40 % of each."""
        town = self._towns["清溪"]
        whole = self._free(town, 24_000)
        ring = [Place(*corner) for corner in whole.geoms[0].exterior.coords]
        along, length = ring[0].bearing(ring[1]), ring[0].distance(ring[1])
        second = area([p.moved(along, 0.6 * length, 7) for p in ring[:4]])
        self._add("charged twice", town, whole, date(2016, 3, 1))
        self._add("charged twice", town, second, date(2018, 9, 3))

    def _where_they_should_not_be(self) -> None:
        """Across the border of two towns; on permanent basic farmland."""
        one, other = self._towns["大朗"], self._towns["寮步"]
        self._add("two towns", one, _across_border(one, other), date(2021, 6, 7))
        town = self._towns["茶山"]
        shape = put_down(
            self._farmland[town.code], (),
            lambda place: parcel(place, self._random.uniform(0, 180), 9000, 1.2), self._random,
        )  # fmt: skip
        self._add("on farmland", town, shape, date(2021, 7, 5))

    def _add(
        self, group: str, town: Town, shape: Geometry, since: date, *, rural: bool = False
    ) -> QuotaParcel:
        number = sum(map(len, self.groups.values())) + 1
        project = f"示例·{town.name}{'乡村振兴' if rural else '建设'}项目{number:02d}（合成）"
        shape = self._grounds[0].take(shape)
        each = QuotaParcel(f"SYN-ZB-{number:03d}", town, shape, project, since, rural)
        self.groups.setdefault(group, []).append(each)
        return each

    def _free(self, town: Town, square_metres: float) -> Geometry:
        ratio = self._random.uniform(1, 1.7)
        return put_down(
            growth_area(town), self._grounds,
            lambda place: parcel(place, self._random.uniform(0, 180), square_metres, ratio),
            self._random,
        )  # fmt: skip


def _across_border(one: Town, other: Town) -> Geometry:
    """A parcel of which some two thirds lie in one town and one third in its neighbour."""
    assert one.area is not None
    assert other.area is not None
    assert one.seed is not None
    assert other.seed is not None
    shared = one.area.intersection(other.area)
    middle = shared.interpolate(0.5, normalized=True)
    ends = shared.boundary.geoms
    bearing = Place(ends[0].x, ends[0].y).bearing(Place(ends[1].x, ends[1].y))
    border = Place(middle.x, middle.y)
    inward = min(
        (bearing + 90, bearing - 90), key=lambda b: border.moved(b, 500).distance(one.seed)
    )
    return rectangle(border.moved(inward, 20, 9), bearing, 150, 120, decimals=7)


def parcel_rows(parcels: Iterable[QuotaParcel]) -> Iterator[Row]:
    """Parcels as the collection `quota_parcels` holds them."""
    for each in parcels:
        yield {
            "geometry": each.shape,
            "parcel_no": each.number,
            "project_name": each.project,
            "is_rural_revitalization": each.is_rural,
            "town_code": each.town.code,
            "village_code": None,
            "approval_no": f"示例用〔{each.registered_on.year}〕{each.number[-3:]}号（合成）",
            "registered_on": each.registered_on,
            "withdrawn_on": each.withdrawn_on,
            "area_declared_m2": f"{each.amount:.2f}",
        }

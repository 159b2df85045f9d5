"""How the files are written: GeoJSON with one feature a line, CSV with lists by semicolons."""

import csv
import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from shapely.geometry import mapping

Row = dict[str, object]

SYNTHETIC = "SYNTHETIC 合成数据: no feature is real. See README.md"
SCHEMATIC = "Official codes and names, schematic areas 示意范围. See README.md"


def json_value(value: object) -> object:
    """A value as JSON has it."""
    if isinstance(value, date):
        return value.isoformat()
    return mapping(value) if hasattr(value, "geom_type") else value


def csv_value(value: object) -> object:
    """A value as a CSV cell: lists with semicolons, nothing for null."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ";".join(map(str, value))
    return value.isoformat() if isinstance(value, date) else value


def write_geojson(path: Path, note: str, rows: Iterable[Row]) -> None:
    """A feature collection with one feature a line, and a note on what it is."""
    lines = []
    for row in rows:
        values = {name: json_value(value) for name, value in row.items()}
        feature = {"type": "Feature", "geometry": values.pop("geometry"), "properties": values}
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    about = {"type": "FeatureCollection", "name": path.stem, "description": note}
    head = json.dumps(about, ensure_ascii=False)
    text = head[:-1] + ', "features": [\n' + ",\n".join(lines) + "\n]}\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def write_csv(path: Path, rows: Iterable[Row]) -> None:
    """A CSV file in UTF-8 with a header."""
    table = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: csv_value(value) for name, value in row.items()} for row in table)

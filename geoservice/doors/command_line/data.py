"""`collections`, `import`, `publish`, `unpublish`: data into this machine's database."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoservice.doors.command_line.output import (
    console,
    language,
    mistakes_told,
    progress_bar,
    say,
    show_facts,
    show_json,
    show_table,
)
from geoservice.doors.session import Session, opened
from geoservice.errors import BadParameter
from geoservice.files.options import ImportOptions, Progress
from geoservice.languages import Text

if TYPE_CHECKING:
    from geoservice.files.report import ImportReport

AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON · JSON output")]
CrsName = Annotated[
    str | None,
    typer.Option("--crs", help="坐标系：EPSG:4547、gcj02、bd09 · Coordinate reference system"),
]
Encoding = Annotated[str | None, typer.Option(help="文字编码 · Encoding of texts")]
Layer = Annotated[str | None, typer.Option(help="文件中的图层 · Layer in the file")]
Mapping = Annotated[
    list[str] | None, typer.Option("--map", help="列=字段，可多次 · COLUMN=FIELD, repeatable")
]
Coordinates = Annotated[
    str | None,
    typer.Option("--xy", help="坐标列：经度列,纬度列 · Columns with x and y, comma separated"),
]
Wkt = Annotated[str | None, typer.Option(help="WKT 列 · Column with WKT")]
AcceptRejected = Annotated[
    bool,
    typer.Option(
        "--accept-rejected", help="部分行不合格时仍写入其余行 · Store the good rows anyway"
    ),
]
Repair = Annotated[
    bool, typer.Option("--repair", help="修复无效几何并记录前后状态 · Repair invalid geometry")
]
Reason = Annotated[str | None, typer.Option(help="原因，记入历史 · Why; kept in the history")]
Issues = Annotated[
    Path | None, typer.Option(help="问题清单文件（.csv 或 .json） · Write all issues to this file")
]


def add_to(application: typer.Typer) -> None:
    """Add the commands to the tree."""
    application.command("collections")(show_collections)
    application.command("import")(import_command)
    application.command()(publish)
    application.command()(unpublish)


def show_collections(as_json: AsJson = False) -> None:
    """全部图层 · All collections."""
    from geoservice.query.query import Query
    from geoservice.store.statements import matched

    with mistakes_told(as_json=as_json), opened() as session:
        rows = [
            (
                collection.id,
                collection.title.spoken(language()),
                collection.geometry.value if collection.geometry else "",
                session.database.scalar(matched(collection, Query(), None)),
            )
            for collection in session.registry.catalog
        ]
        if as_json:
            names = ("id", "title", "geometry", "features")
            show_json([dict(zip(names, row, strict=True)) for row in rows])
        else:
            heads = ("id", "名称 · Title", "几何 · Geometry", "要素数 · Features")
            show_table("图层 · Collections", heads, rows)


def import_command(
    collection: Annotated[str, typer.Argument(help="图层 · Collection")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="文件 · File")],
    crs: CrsName = None,
    encoding: Encoding = None,
    layer: Layer = None,
    mapping: Mapping = None,
    xy: Coordinates = None,
    wkt: Wkt = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只检查，不写入 · Check, store nothing")
    ] = False,
    accept_rejected: AcceptRejected = False,
    repair: Repair = False,
    reason: Reason = None,
    issues: Issues = None,
    as_json: AsJson = False,
) -> None:
    """导入文件：检查、报告、整体写入 · Import a file: check, report, all or nothing."""
    options = _options(crs, encoding, layer, mapping, xy, wkt, accept_rejected, repair)

    def work(session: Session, progress: Callable[[Progress], None]) -> "ImportReport":
        from geoservice.files.importing import check_file, import_file

        target = session.registry.collection(collection)
        if dry_run:
            return check_file(
                session.database,
                session.registry,
                target,
                file,
                options,
                region=session.region,
                progress=progress,
            )
        return import_file(
            session.database,
            session.registry,
            target,
            file,
            options,
            actor=session.actor,
            door="command line",
            region=session.region,
            reason=reason,
            progress=progress,
        )

    _reported(work, issues, as_json)


def publish(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="文件 · File")],
    id: Annotated[str, typer.Option("--id", help="新图层的标识 · Id of the new collection")],
    title: Annotated[str | None, typer.Option(help="名称 · Title")] = None,
    key: Annotated[
        str | None, typer.Option(help="标识列，逗号分隔 · Key columns, comma separated")
    ] = None,
    valid_from: Annotated[
        str | None,
        typer.Option(
            help="生效日期列，供 as_of 与 datetime 使用 · Column with the start of validity"
        ),
    ] = None,
    valid_to: Annotated[
        str | None, typer.Option(help="失效日期列 · Column with the end of validity")
    ] = None,
    crs: CrsName = None,
    encoding: Encoding = None,
    layer: Layer = None,
    xy: Coordinates = None,
    wkt: Wkt = None,
    accept_rejected: AcceptRejected = False,
    repair: Repair = False,
    reason: Reason = None,
    issues: Issues = None,
    as_json: AsJson = False,
) -> None:
    """由文件生成图层并发布 · Make a collection from a file and publish it."""
    options = replace(
        _options(crs, encoding, layer, None, xy, wkt, accept_rejected, repair),
        key=tuple(key.split(",")) if key else (),
        valid_from=valid_from,
        valid_to=valid_to,
    )

    def work(session: Session, progress: Callable[[Progress], None]) -> "ImportReport":
        from geoservice.files.importing import publish_file

        return publish_file(
            session.database,
            session.registry,
            id,
            file,
            options,
            actor=session.actor,
            door="command line",
            region=session.region,
            title=Text(zh=title, en=title) if title else None,
            reason=reason,
            progress=progress,
        )

    _reported(work, issues, as_json)


def unpublish(
    id: Annotated[str, typer.Argument(help="图层 · Collection")],
    yes: Annotated[bool, typer.Option("--yes", help="不再询问 · Do not ask")] = False,
    as_json: AsJson = False,
) -> None:
    """删除由文件生成的图层及其历史 · Remove a published collection with its history."""
    from geoservice.store.publishing import withdraw

    with mistakes_told(as_json=as_json), opened() as session:
        session.registry.collection(id)
        if not yes:
            typer.confirm(f"删除 · Remove {id}?", abort=True)
        withdraw(session.database, session.registry, id)
        if as_json:
            show_json({"withdrawn": id})
        else:
            say(Text(zh=f"已删除 {id}", en=f"{id} is removed"))


def _options(
    crs: str | None,
    encoding: str | None,
    layer: str | None,
    mapping: list[str] | None,
    xy: str | None,
    wkt: str | None,
    accept_rejected: bool,
    repair: bool,
) -> ImportOptions:
    with mistakes_told(as_json=False):
        x, y = _two(xy) if xy else (None, None)
        pairs = tuple(_pair(each) for each in mapping or ())
    return ImportOptions(
        crs=crs,
        encoding=encoding,
        layer=layer,
        mapping=pairs,
        x=x,
        y=y,
        wkt=wkt,
        accept_rejected=accept_rejected,
        repair=repair,
    )


def _two(text: str) -> tuple[str, str]:
    first, comma, second = text.partition(",")
    if not (first and comma and second):
        raise BadParameter(name="--xy", value=text, allowed="X,Y")
    return first.strip(), second.strip()


def _pair(text: str) -> tuple[str, str]:
    column, equals, field = text.rpartition("=")
    if not (column and equals and field):
        raise BadParameter(name="--map", value=text, allowed="COLUMN=FIELD")
    return column, field


def _reported(
    work: Callable[[Session, Callable[[Progress], None]], "ImportReport"],
    issues: Path | None,
    as_json: bool,
) -> None:
    with mistakes_told(as_json=as_json), opened() as session:
        with progress_bar() as bar:
            report = work(session, lambda step: bar.show(step.stage, step.done, step.total))
        if issues is not None:
            report.write_issues(issues)
        if as_json:
            show_json(report.to_json())
        else:
            _show_report(report)
        report.raise_if_refused()


def _show_report(report: "ImportReport") -> None:
    told = report.to_json()
    show_facts(
        [
            ("文件 · File", report.file_name),
            ("状态 · State", report.state),
            *(
                (f"读取 · {name}", json.dumps(how, ensure_ascii=False))
                for name, how in report.reading.items()
            ),
            *((name, f"{count:,}") for name, count in told["counts"].items()),
        ]
    )
    if report.issues:
        spoken = language()
        show_table(
            "问题 · Issues",
            (
                "级别 · Severity",
                "代码 · Code",
                "行 · Row",
                "字段 · Field",
                "值 · Value",
                "原因 · Reason",
            ),
            (
                (
                    issue.severity,
                    issue.code,
                    issue.row,
                    issue.field,
                    issue.value,
                    issue.reason.spoken(spoken),
                )
                for issue in report.issues[:50]
            ),
        )
        for code, by_severity in report.issue_counts.items():
            console.print(
                f"{code}: {', '.join(f'{severity} {n:,}' for severity, n in by_severity.items())}"
            )

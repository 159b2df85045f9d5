"""`geoservice lock`: the locks that stand, and their end before their time."""

from typing import Annotated

import typer

from geoservice.doors.command_line.output import mistakes_told, say, show_json, show_table
from geoservice.doors.session import opened
from geoservice.languages import Text

AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON · JSON output")]

commands = typer.Typer(
    help="要素锁 · Locks of features", no_args_is_help=True, pretty_exceptions_enable=False
)


@commands.command("list")
def show_locks(as_json: AsJson = False) -> None:
    """现有的锁 · The locks that bind now."""
    from geoservice.editing.locks import standing_locks

    with mistakes_told(as_json=as_json), opened() as session:
        locks = standing_locks(session.database)
        if as_json:
            show_json(
                [
                    {
                        "id": str(each.id),
                        "owner": each.owner,
                        "created_at": each.created_at.isoformat(),
                        "expires_at": each.expires_at.isoformat(),
                        "features": each.features,
                    }
                    for each in locks
                ]
            )
            return
        show_table(
            "锁 · Locks",
            ("锁 · Lock", "用户 · Owner", "到期 · Expires", "要素 · Features"),
            (
                (
                    str(each.id),
                    each.owner,
                    each.expires_at.isoformat(timespec="seconds"),
                    str(each.features),
                )
                for each in locks
            ),
        )


@commands.command()
def release(
    lock: Annotated[str, typer.Argument(metavar="LOCK", help="锁的标识 · Id of the lock")],
    as_json: AsJson = False,
) -> None:
    """提前结束一个锁，不论属于谁 · End a lock before its time, whoever owns it."""
    from geoservice.editing.locks import lock_id
    from geoservice.editing.locks import release as end

    with mistakes_told(as_json=as_json), opened() as session:
        end(session.database, lock_id(lock), owner=None)
        if as_json:
            show_json({"released": lock})
            return
        say(Text(zh=f"锁 {lock} 已结束。", en=f"The lock {lock} is ended."))

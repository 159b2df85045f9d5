"""`geoservice user`, `geoservice key`: who may do more than read what is public."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from geoservice.access.principal import ROLE_TITLES, Role
from geoservice.doors.command_line.output import (
    language,
    mistakes_told,
    say,
    show_json,
    show_table,
)
from geoservice.doors.session import Session, opened
from geoservice.errors import BadDatetime, BadParameter, MissingParameter
from geoservice.languages import Text

if TYPE_CHECKING:
    from geoservice.access.keys import Key
    from geoservice.access.users import User


class RoleName(StrEnum):
    """The roles that a user can have, as they are typed."""

    ANALYST = "analyst"
    EDITOR = "editor"
    ADMIN = "admin"

    @property
    def role(self) -> Role:
        """The role that is meant."""
        return Role[self.name]


AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON · JSON output")]
UserName = Annotated[str, typer.Argument(metavar="NAME", help="用户名 · Name of the user")]
Towns = Annotated[
    list[str] | None,
    typer.Option(
        "--town", help="编辑人员的镇街代码，可多次 · Code of an editor's town, repeatable"
    ),
]

user_commands = typer.Typer(
    help="用户 · Users", no_args_is_help=True, pretty_exceptions_enable=False
)
key_commands = typer.Typer(
    help="访问密钥 · Access keys", no_args_is_help=True, pretty_exceptions_enable=False
)


@user_commands.command("add")
def add(
    name: UserName,
    role: Annotated[RoleName, typer.Option(help="权限 · Role")],
    town: Towns = None,
    as_json: AsJson = False,
) -> None:
    """新建用户；不给 --town 则可编辑全部镇街 · A new user; without --town, of all towns."""
    from geoservice.access.users import add_user

    with mistakes_told(as_json=as_json), opened() as session:
        _show_users([add_user(session.database, name, role.role, town)], as_json)


@user_commands.command("list")
def show_users(as_json: AsJson = False) -> None:
    """全部用户 · All users."""
    from geoservice.access.users import all_users

    with mistakes_told(as_json=as_json), opened() as session:
        _show_users(all_users(session.database), as_json)


@user_commands.command()
def change(
    name: UserName,
    role: Annotated[RoleName | None, typer.Option(help="新权限 · New role")] = None,
    town: Towns = None,
    all_towns: Annotated[
        bool, typer.Option("--all-towns", help="可编辑全部镇街 · May edit in all towns")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """修改权限或镇街，一秒内生效 · Change role or towns; in force within a second."""
    from geoservice.access.users import change_user, user_named

    with mistakes_told(as_json=as_json), opened() as session:
        before = user_named(session.database, name)
        wanted = role.role if role else before.role
        towns = _wanted_towns(before, wanted, town, all_towns=all_towns)
        _show_users([change_user(session.database, name, wanted, towns)], as_json)


@user_commands.command()
def disable(name: UserName, as_json: AsJson = False) -> None:
    """停用用户及其全部密钥，不可恢复 · Disable a user and all their keys, for good."""
    from geoservice.access.users import disable_user

    with mistakes_told(as_json=as_json), opened() as session:
        _show_users([disable_user(session.database, name)], as_json)


@key_commands.command("add")
def add_key(
    user: UserName,
    label: Annotated[str, typer.Option(help="用途 · What it is for")] = "",
    expires: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="到期日（含当日）或时间，如 2027-12-31 · Last day, or an instant, such as 2027-12-31",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """新密钥，只显示一次 · A new key, shown only once."""
    from geoservice.access.keys import issue_key

    with mistakes_told(as_json=as_json), opened() as session:
        expires_at = None if expires is None else _expiry(session, expires)
        issued = issue_key(session.database, user, label=label, expires_at=expires_at)
        if as_json:
            show_json({**_key_as_json(issued.key), "key": issued.text})
            return
        say(
            Text(
                zh=f"密钥 {issued.key.id}（只显示这一次，请妥善保存）：",
                en=f"Key {issued.key.id} (shown only now; keep it safe):",
            )
        )
        typer.echo(issued.text)


@key_commands.command("list")
def show_keys(as_json: AsJson = False) -> None:
    """全部密钥，不含密文 · All keys, without their secrets."""
    from geoservice.access.keys import all_keys

    with mistakes_told(as_json=as_json), opened() as session:
        _show_keys(all_keys(session.database), as_json)


@key_commands.command()
def revoke(
    id: Annotated[str, typer.Argument(metavar="ID", help="密钥编号 · Id of the key")],
    as_json: AsJson = False,
) -> None:
    """撤销密钥，一秒内生效 · Revoke a key; in force within a second."""
    from geoservice.access.keys import revoke_key

    with mistakes_told(as_json=as_json), opened() as session:
        _show_keys([revoke_key(session.database, id)], as_json)


def _wanted_towns(
    before: "User", role: Role, town: list[str] | None, *, all_towns: bool
) -> frozenset[str] | None:
    """The towns after a change. Whoever becomes an editor gets none that nobody has named."""
    if town and all_towns:
        raise BadParameter(name="--town", value=town, allowed="--town | --all-towns")
    if all_towns:
        return None
    if town:
        return frozenset(town)
    if role is Role.EDITOR and before.role is not Role.EDITOR:
        raise MissingParameter(name="--town", allowed="--town CODE | --all-towns")
    return before.towns if role is Role.EDITOR else None


def _expiry(session: Session, text: str) -> datetime:
    """The end of a day in the region's time, or an instant with its offset."""
    zone = ZoneInfo(session.region.time_zone)
    try:
        if len(text) == len("2027-12-31"):
            next_day = date.fromisoformat(text) + timedelta(days=1)
            return datetime.combine(next_day, time.min, zone)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise BadDatetime(name="--expires", value=text)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as wrong:
        raise BadDatetime(name="--expires", value=text) from wrong


def _show_users(users: list["User"], as_json: bool) -> None:
    if as_json:
        show_json([_user_as_json(user) for user in users])
        return
    show_table(
        "用户 · Users",
        ("名称 · Name", "权限 · Role", "镇街 · Towns", "停用 · Disabled"),
        (
            (
                user.name,
                ROLE_TITLES[user.role].spoken(language()),
                _towns_text(user),
                _minute(user.disabled_at),
            )
            for user in users
        ),
    )


def _towns_text(user: "User") -> str:
    if user.role < Role.EDITOR:
        return ""
    if user.towns is None:
        return Text(zh="全部", en="all").spoken(language())
    return ", ".join(sorted(user.towns))


def _user_as_json(user: "User") -> dict[str, object]:
    return {
        "name": user.name,
        "role": user.role.name.lower(),
        "towns": None if user.towns is None else sorted(user.towns),
        "created_at": _instant(user.created_at),
        "disabled_at": _instant(user.disabled_at),
    }


def _show_keys(keys: list["Key"], as_json: bool) -> None:
    if as_json:
        show_json([_key_as_json(key) for key in keys])
        return
    show_table(
        "密钥 · Keys",
        (
            *("编号 · Id", "用户 · User", "用途 · Label"),
            *("到期 · Expires", "撤销 · Revoked", "最近使用 · Last used"),
        ),
        (
            (
                *(key.id, key.user, key.label),
                *map(_minute, (key.expires_at, key.revoked_at, key.last_used_at)),
            )
            for key in keys
        ),
    )


def _key_as_json(key: "Key") -> dict[str, object]:
    return {
        "id": key.id,
        "user": key.user,
        "label": key.label,
        "created_at": _instant(key.created_at),
        "expires_at": _instant(key.expires_at),
        "revoked_at": _instant(key.revoked_at),
        "last_used_at": _instant(key.last_used_at),
    }


def _instant(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _minute(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else ""

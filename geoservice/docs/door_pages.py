"""Generated pages about the command line, settings and limits, file formats, import issues."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from geoservice import files
from geoservice.docs.markdown import code, codes, page, table, text
from geoservice.docs.setting_titles import CHINESE
from geoservice.doors.command_line.application import application
from geoservice.doors.command_line.output import EXIT_CODES
from geoservice.files.findings import Kind
from geoservice.files.formats import FORMATS, Format
from geoservice.files.reference import _CANDIDATES, _issue
from geoservice.languages import Language, Text
from geoservice.settings import Limits, Settings

_MEANING = Text(zh="含义", en="Meaning")
_DEFAULT = Text(zh="默认", en="Default")
_PROGRAM = "geoservice"


def command_line(language: Language) -> str:
    """Every command with its arguments and options, from the command tree."""
    root: Any = typer.main.get_command(application)
    return page(
        Text(zh="命令行", en="Command line"),
        Text(
            zh="在源码目录中用 `python3 geoservice …` 或 `.venv/bin/geoservice …`；装好后用 `geoservice …`。"
            "结果写到标准输出，说明写到标准错误。提示语言取 `GEOSERVICE_LANG`、`LC_ALL`、`LANG` 中第一个有设置的，"
            "否则为中文。",
            en="In a clone it is `python3 geoservice …` or `.venv/bin/geoservice …`, where it is installed "
            "`geoservice …`. Results go to standard output, remarks to standard error. The language is that of "
            "`GEOSERVICE_LANG`, `LC_ALL` or `LANG`, whichever is set first, else Chinese.",
        ),
        (*_commands(root, _PROGRAM, language), _exit_codes(language)),
        language,
    )


def _commands(command: Any, name: str, language: Language) -> Iterator[str]:
    if hasattr(command, "commands"):
        for id, each in sorted(command.commands.items()):
            yield from _commands(each, f"{name} {id}", language)
        return
    yield f"## {name}"
    yield text(_half(command.help or "", language))
    yield f"```text\n{' '.join((name, *_usage(command)))}\n```"
    heads = (Text(zh="参数或选项", en="Argument or option"), _DEFAULT, _MEANING)
    rows = [_option(each, language) for each in command.params if each.name != "help"]
    yield table(heads, rows, language)


def _usage(command: Any) -> Iterator[str]:
    for each in command.params:
        if each.param_type_name == "argument":
            name = each.metavar or each.name.upper()
            yield name if each.required or name.startswith("[") else f"[{name}]"
    yield "[OPTIONS]"


def _option(option: Any, language: Language) -> tuple[str, str, str]:
    if option.param_type_name == "argument":
        names = code(option.metavar or option.name.upper())
    else:
        names = codes((*option.opts, *option.secondary_opts))
    default = option.default
    if isinstance(default, bool):
        shown = code(str(default).lower()) if option.secondary_opts else ""
    else:
        shown = "" if default is None else code(default)
    return names, shown, text(_half(option.help or "", language))


def _half(words: str, language: Language) -> str:
    """One language of a help text, which is `Chinese · English`; a name in both comes once."""
    chinese, dot, english = words.partition(" · ")
    return english if dot and language == "en" else chinese


def _exit_codes(language: Language) -> str:
    heads = (Text(zh="退出码", en="Exit code"), _MEANING)
    meanings = {
        0: Text(zh="完成", en="done"),
        1: Text(zh="检查发现差异；或内部错误", en="a check found differences; or an error of ours"),
        2: Text(zh="命令或参数有误", en="the command or a parameter is wrong"),
        3: Text(zh="不存在", en="not found"),
        4: Text(
            zh="数据不符合规则或超出上限，未写入任何内容",
            en="the data breaks rules or a limit; nothing was stored",
        ),
        5: Text(zh="与已有内容冲突", en="conflict with what is stored"),
        6: Text(
            zh="数据库、服务或环境未就绪，或连接中断",
            en="the database, the service or the machine is not ready, or the connection broke",
        ),
        7: Text(
            zh="需要密钥，或密钥的权限不够", en="a key is needed, or the key does not allow it"
        ),
    }
    assert {status for _, status in EXIT_CODES} <= meanings.keys()
    title = Text(zh="退出码", en="Exit codes").spoken(language)
    rows = [(str(status), meaning.spoken(language)) for status, meaning in meanings.items()]
    return f"## {title}\n\n{table(heads, rows, language)}"


def settings(language: Language) -> str:
    """Every setting and limit: name, default, bounds, meaning."""
    return page(
        Text(zh="设置与上限", en="Settings and limits"),
        Text(
            zh="全部来自环境变量，前缀 `GEOSERVICE_`。`geoservice config` 列出当前值及其来源。",
            en="All are environment variables with the prefix `GEOSERVICE_`. `geoservice config` shows their "
            "values and where they come from.",
        ),
        (
            "## " + Text(zh="设置", en="Settings").spoken(language),
            _settings_of(Settings, language),
            "## " + Text(zh="上限", en="Limits").spoken(language),
            Text(
                zh="超出上限的请求被拒绝，并说明是哪个上限、上限多少、实际多少；`limit` 例外，它被截到最大值。",
                en="A request beyond a limit is refused and told which limit, its value and what was sent; only "
                "`limit` is cut to its maximum.",
            ).spoken(language),
            _settings_of(Limits, language),
        ),
        language,
    )


def _settings_of(model: type[BaseModel], language: Language) -> str:
    heads = (
        Text(zh="环境变量", en="Variable"),
        _DEFAULT,
        Text(zh="允许", en="Allowed"),
        _MEANING,
    )
    return table(
        heads, [_setting(*each, language) for each in model.model_fields.items()], language
    )


def _setting(name: str, field: FieldInfo, language: Language) -> tuple[str, ...]:
    english = field.description or ""
    default = "–" if field.default is None else code(field.default)
    if isinstance(field.default, int) and field.default >= 2**20:
        default += f" ({field.default / 2**20:g} MiB)"
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    bounds = [
        f"{sign} {getattr(bound, of)}"
        for bound in field.metadata
        for of, sign in signs.items()
        if hasattr(bound, of)
    ]
    meaning = CHINESE[name] if language == "zh" else english
    return code(f"GEOSERVICE_{name.upper()}"), default, ", ".join(bounds), text(meaning)


def formats(language: Language) -> str:
    """The formats in which rows are given out."""
    heads = (
        Text(zh="格式", en="Format"),
        Text(zh="扩展名", en="Extension"),
        Text(zh="媒体类型", en="Media type"),
        Text(zh="流式输出", en="Streamed"),
        Text(zh="记载坐标系", en="Names its CRS"),
    )
    return page(
        Text(zh="文件格式", en="File formats"),
        Text(
            zh="图层和回答都可以用这些格式输出：命令行按扩展名或 `--format`，HTTP 用 `f=`。",
            en="Collections and answers are given out in these formats: on the command line by the extension or "
            "`--format`, over HTTP by `f=`.",
        ),
        (table(heads, [_format(each, language) for each in FORMATS.values()], language),),
        language,
    )


def _format(format: Format, language: Language) -> tuple[str, ...]:
    yes, no = Text(zh="是", en="yes"), Text(zh="否", en="no")
    return (
        code(format.id),
        code(format.extension),
        code(format.media_type),
        (yes if format.streamed else no).spoken(language),
        (yes if format.carries_crs else no).spoken(language),
    )


def issue_kinds() -> list[Kind]:
    """Every kind of issue that checking a file can find, by code; declared in modules of `files`."""
    found: dict[str, Kind] = {}
    for module_info in pkgutil.iter_modules(files.__path__):
        module = importlib.import_module(f"{files.__name__}.{module_info.name}")
        for value in vars(module).values():
            if isinstance(value, Kind):
                found.setdefault(value.code, value)
    for id, title, _ in _CANDIDATES:
        suspected = _issue(id, title, None, "")
        found[id] = Kind(id, suspected.severity, suspected.reason)
    return [found[code] for code in sorted(found)]


def import_issues(language: Language) -> str:
    """Every issue that an import can report."""
    heads = (Text(zh="代码", en="Code"), Text(zh="级别", en="Severity"), _MEANING)
    rows = [
        (code(each.code), str(each.severity), text(each.reason.spoken(language)))
        for each in issue_kinds()
    ]
    return page(
        Text(zh="导入问题", en="Import issues"),
        Text(
            zh="`error`：该行被拒；`warning`：已写入，但应有人查看；`info`：已写入，说明做了什么。",
            en="`error`: the row is rejected; `warning`: it is stored, someone should look; `info`: it is stored, "
            "and this was done with it.",
        ),
        (table(heads, rows, language),),
        language,
    )

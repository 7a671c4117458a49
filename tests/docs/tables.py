"""The tables in `docs/` that follow from the sources.

    .venv/bin/python -m tests.docs.tables

writes them anew, each between two comments that name it; a test says when that is due.
"""

from __future__ import annotations

import enum
import importlib
import pkgutil
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import brookline
from brookline.api.app import all_operations
from brookline.api.problems import status_of
from brookline.api.routes import Place
from brookline.cli.exits import exit_of
from brookline.cli.main import root
from brookline.cli.tool import common_options
from brookline.entities.software_keys import WITHOUT_EFFECT
from brookline.errors import BrooklineError
from brookline.model.inheritance import Inheritance
from brookline.model.types import installed_types
from brookline.server.catalogue import SETTINGS
from brookline.values.coercion import plain, text_of
from brookline.values.durations import Duration
from brookline.values.ports import PortRange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from brookline.model.declarations import ConfigKey
    from brookline.model.entity import Entity

DOCS = Path(__file__).parents[2] / "docs"


def commands() -> Iterator[str]:
    """Yield a section for each command."""
    for path, command in all_commands():
        yield f"### brookline {path}"
        yield ""
        for paragraph in (command.help or "").split("\n\n"):
            yield " ".join(paragraph.split())
            yield ""
        if isinstance(command, click.Group):
            continue
        arguments = " ".join(command.collect_usage_pieces(click.Context(command)))
        yield f"    brookline {path} {arguments}"
        yield ""
        if path == "server":
            yield "Its options are the settings, all listed in [settings.md](settings.md), and:"
            yield ""
        rows = [(_spellings(option), _help(option)) for option in own_options(command, path)]
        if rows:
            yield from table(("option", "meaning"), rows)
            yield ""


def common() -> Iterator[str]:
    """Yield a row for each option that all commands have."""
    rows = ((_spellings(option), _help(option)) for option in _common())
    yield from table(("option", "meaning"), rows)


def routes() -> Iterator[str]:
    """Yield a row for each call of the API."""
    places = {
        Place.ANY: "every node",
        Place.HOT: "hot nodes",
        Place.SHOWN: "hot nodes",
        Place.MASTER: "the master",
        Place.HERE: "the node asked",
    }
    rows = (
        (
            f"`{one.method} {one.path}`" + (" *" if one.beyond else ""),
            places[one.place],
            ", ".join(_code(param.name) for param in one.params) or "-",
            one.summary.replace("``", "`"),
        )
        for one in all_operations()
    )
    yield from table(("call", "answered by", "parameters", "what it does"), rows)


def errors() -> Iterator[str]:
    """Yield a row for each kind of error."""
    rows = []
    for kind in error_kinds():
        error = kind.__new__(kind)
        first = (kind.__doc__ or "").strip().partition("\n")[0]
        rows.append((_code(kind.code), str(status_of(error)), str(int(exit_of(error))), first))
    yield from table(("kind", "HTTP", "exit", "meaning"), rows)


def types() -> Iterator[str]:
    """Yield a row for each entity type."""
    rows = (
        (
            _code(cls.TYPE),
            ", ".join(map(_code, sorted({cls.TYPE.rpartition(".")[2], *cls.ALIASES}))),
            (cls.__doc__ or "").strip().partition("\n")[0],
            ", ".join(map(_code, cls.EFFECTORS)) or "-",
        )
        for cls in our_types()
    )
    yield from table(("type", "also", "what it is", "effectors"), rows)


def config_keys() -> Iterator[str]:
    """Yield a row for each config key that has an effect."""
    keys: dict[str, tuple[ConfigKey[Any], list[str]]] = {}
    for cls in our_types():
        for name, key in cls.KEYS.items():
            keys.setdefault(name, (key, []))[1].append(cls.TYPE.rpartition(".")[2])
    software = {"VanillaSoftwareProcess", "EmptySoftwareProcess"}
    rows = (
        (
            ", ".join(map(_code, (name, *key.flags, *key.deprecated))),
            _type(key.type),
            "-" if key.default is None else _code(text_of(plain(key.default))),
            _REACH[key.inheritance],
            "software processes"
            if set(on) == software
            else "all but BasicEntity"
            if len(on) == len(our_types()) - 1
            else ", ".join(on),
            key.description,
        )
        for name, (key, on) in keys.items()
        if name not in WITHOUT_EFFECT
    )
    yield from table(("key", "type", "default", "reaches", "of", "meaning"), rows)


def keys_without_effect() -> Iterator[str]:
    """Yield the config keys that are accepted with a warning."""
    yield ", ".join(map(_code, WITHOUT_EFFECT)) + "."


def sensors() -> Iterator[str]:
    """Yield a row for each sensor."""
    found = {name: one for cls in our_types() for name, one in cls.SENSORS.items()}
    rows = ((_code(name), _type(one.type), one.description) for name, one in found.items())
    yield from table(("sensor", "type", "meaning"), rows)


TABLES: dict[str, tuple[str, Callable[[], Iterator[str]]]] = {
    "common options": ("cli.md", common),
    "commands": ("cli.md", commands),
    "errors": ("rest.md", errors),
    "calls": ("rest.md", routes),
    "types": ("blueprints.md", types),
    "config keys": ("blueprints.md", config_keys),
    "config keys without effect": ("blueprints.md", keys_without_effect),
    "sensors": ("blueprints.md", sensors),
}
"""By name: the page that a table stands in, and what makes it."""


def renewed(name: str) -> tuple[str, str]:
    """Return a page as it is, and as it is with a table made anew.

    Raises:
        ValueError: If the page has no place for it.
    """
    page, make = TABLES[name]
    text = (DOCS / page).read_text()
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    if text.count(begin) != 1 or text.count(end) != 1:
        raise ValueError(f"{page} needs one place for the table '{name}'")
    head, rest = text.split(begin)
    _, tail = rest.split(end)
    return text, head + begin + "\n" + "\n".join(make()).strip() + "\n\n" + end + tail


def all_commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command with the words by which it is called."""
    context = click.Context(root)
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            for below in command.list_commands(context):
                inner = command.get_command(context, below)
                assert inner is not None
                yield f"{name} {below}", inner


def own_options(command: click.Command, path: str) -> list[click.Option]:
    """Return the options of a command that are described nowhere else."""
    elsewhere = {option.name for option in _common()}
    if path == "server":
        elsewhere = {setting.name.replace("-", "_") for setting in SETTINGS}
    options = (one for one in command.params if isinstance(one, click.Option))
    return [one for one in options if one.name not in elsewhere]


def error_kinds() -> list[type[BrooklineError]]:
    """Return all kinds of errors, of `errors` and of single rooms."""
    for module in pkgutil.walk_packages(brookline.__path__, "brookline."):
        if not module.name.endswith("__main__") and ".testing" not in module.name:
            importlib.import_module(module.name)
    return list(_below(BrooklineError))


def our_types() -> list[type[Entity]]:
    """Return the entity types that this distribution brings."""
    return [one for one in installed_types().classes() if one.__module__.startswith("brookline.")]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table."""
    yield _line(head)
    yield "|" + "---|" * len(head)
    yield from map(_line, rows)


_REACH = {
    Inheritance.NEVER: "itself",
    Inheritance.NOT_REINHERITED: "the next below",
    Inheritance.NOT_REINHERITED_ELSE_DEEP_MERGE: "the next below, merged",
    Inheritance.OVERWRITE: "all below",
    Inheritance.DEEP_MERGE: "all below, merged",
}

_TYPES: dict[Any, str] = {
    str: "text",
    bool: "true or false",
    dict: "map",
    Duration: "duration",
    PortRange: "ports",
    int: "number",
}


def _below(kind: type[BrooklineError]) -> Iterator[type[BrooklineError]]:
    if kind.__module__.startswith("brookline."):
        yield kind
    for one in kind.__subclasses__():
        yield from _below(one)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _code(text: str) -> str:
    return f"`{text}`"


def _type(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return ", ".join(_code(str(member.value)) for member in kind)
    return _TYPES.get(kind, "any")


def _common() -> list[click.Option]:
    @click.command()
    @common_options
    def command() -> None: ...

    return [one for one in command.params if isinstance(one, click.Option)]


def _spellings(option: click.Option) -> str:
    spelled = [*option.opts, *option.secondary_opts]
    value = "" if option.is_flag else f" {option.metavar or option.type.name.upper()}"
    if isinstance(option.type, click.Choice):
        value = f" {'|'.join(option.type.choices)}"
    return ", ".join(map(_code, spelled)) + (f" {_code(value.strip())}" if value else "")


def _help(option: click.Option) -> str:
    text = re.sub(r"\s*\[default: (.*?)\]$", r" By default \1.", option.help or "")
    text = re.sub(r"\s*\[([A-Z_]+)(, with commas)?\]$", r" Variable: `\1`\2.", text)
    if option.show_default is True and option.default:
        text += f" By default {option.default}."
    return text


def main() -> None:
    """Write all tables anew."""
    for name, (page, _) in TABLES.items():
        before, after = renewed(name)
        if before != after:
            (DOCS / page).write_text(after)
            print(f"{page}: {name}")


if __name__ == "__main__":
    main()

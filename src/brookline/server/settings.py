"""Settings of a server: each with its value and where it came from."""

from __future__ import annotations

import dataclasses
import enum
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from brookline.errors import InvalidInput
from brookline.server import catalogue as c
from brookline.server.sources import Sources, read_sources
from brookline.values.durations import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from brookline.server.properties import Property
    from brookline.server.setting import Given, Setting

T = TypeVar("T")

DEFAULT = "default"


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """What a server runs with; ``settings[PORT]`` is the value of `PORT`.

    Attributes:
        values: By setting.
        origins: Where each value came from.
        properties: Every key of the properties files, known or not.
        warnings: What is odd about them, for the log.
    """

    values: Mapping[Setting[Any], Any]
    origins: Mapping[Setting[Any], str]
    properties: Mapping[str, Property]
    warnings: Sequence[str]

    def __getitem__(self, setting: Setting[T]) -> T:
        """Return the value of a setting."""
        value: T = self.values[setting]
        return value

    def texts(self) -> dict[str, str]:
        """Return the properties as they were written, without blanks around them."""
        return {key: entry.value.strip() for key, entry in self.properties.items()}

    @property
    def home(self) -> Path:
        """The node's home folder."""
        return self[c.HOME]

    @property
    def name(self) -> str:
        """The node's persistent name: as given, else the home folder's, else the host's."""
        return self[c.NAME] or _usable(self.home.resolve().name) or _usable(socket.gethostname())


def load_settings(
    options: Mapping[str, Any],
    environment: Mapping[str, str],
    *,
    user_home: Path | None = None,
) -> Settings:
    """Read all settings; see `read_sources` for the arguments.

    Raises:
        InvalidInput: If any cannot be read; names all of them, each with its place.
    """
    home_given = Sources({}, environment).given(c.HOME)
    home_text = options.get(c.HOME.name) or (home_given.text if home_given else ".")
    try:
        home = c.HOME.kind.read(str(home_text))
    except ValueError as error:
        raise InvalidInput(f"the home cannot be found: {error}, with --home") from error
    sources = read_sources(
        options, environment, home=home, user_home=user_home or Path("~").expanduser()
    )
    values: dict[Setting[Any], Any] = {}
    origins: dict[Setting[Any], str] = {}
    for setting in c.SETTINGS:
        given = sources.given(setting)
        values[setting], origins[setting] = setting.default, DEFAULT
        if given is not None:
            _read(setting, given, values=values, origins=origins, faults=sources.faults)
    values[c.HOME] = home
    refuse(sources.faults)
    return Settings(values, origins, sources.properties, sources.warnings)


def refuse(faults: Sequence[str]) -> None:
    """Raise what is wrong with settings, if anything is.

    Raises:
        InvalidInput: With one fault as its message, or all of them as its details.
    """
    if len(faults) == 1:
        raise InvalidInput(faults[0])
    if faults:
        raise InvalidInput(f"{len(faults)} settings cannot be used", details="\n".join(faults))


def table(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield name, value and origin of each setting, as people read them."""
    for setting in c.SETTINGS:
        yield setting.name, shown(settings[setting]), settings.origins[setting]


def shown(value: Any) -> str:
    """Return a value as people would write it."""
    match value:
        case None | "":
            return ""
        case bool():
            return "true" if value else "false"
        case enum.Enum():
            return value.name
        case float():
            return str(seconds(value))
        case tuple():
            return ",".join(value)
        case Path() if value == Path():
            return "the current folder"
        case _:
            return str(value)


def _read(
    setting: Setting[Any],
    given: Given,
    *,
    values: dict[Setting[Any], Any],
    origins: dict[Setting[Any], str],
    faults: list[str],
) -> None:
    if given.text.startswith("$brooklyn:"):
        faults.append(f"{given.origin}: {given.label}: external configuration is not supported yet")
        return
    try:
        values[setting] = setting.kind.read(given.text)
        origins[setting] = f"{given.origin} {given.label}"
    except ValueError as error:
        example = f"{given.label}={setting.kind.example}"
        faults.append(f"{given.origin}: {given.label}: {error}; for example {example}")


def _usable(text: str) -> str:
    try:
        return c.NAME.kind.read(text)
    except ValueError:
        return ""

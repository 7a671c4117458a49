"""Where settings come from: options, environment, and properties files in their order."""

from __future__ import annotations

import contextlib
import dataclasses
import stat
from typing import TYPE_CHECKING, Any

from brookline.errors import InvalidInput
from brookline.security.configured import is_user_key
from brookline.server import catalogue as c
from brookline.server import kinds, store_location
from brookline.server.inert import UNREAD_FILES
from brookline.server.oddities import odd_keys, odd_variables, repeated
from brookline.server.properties import BadProperties, Property, decoded, parse_properties
from brookline.server.setting import Given, Setting
from brookline.stores.urls import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LAUNCHER_CFG = "org.apache.brooklyn.osgilauncher.cfg"
_ETC = ("org.ops4j.pax.web.cfg", "brooklyn.cfg", LAUNCHER_CFG)
"""Files of ``<home>/etc``, the one that counts most last."""

_OPTION = "option"


@dataclasses.dataclass(slots=True)
class Sources:
    """All that was said about settings, and what is odd about it.

    Attributes:
        options: Of the command line, by the setting's name.
        environment: Of the process, by the variable's name.
        properties: By key; the one of the highest file.
        warnings: For people, each with its place.
        faults: What cannot be read at all.
    """

    options: Mapping[str, str]
    environment: Mapping[str, str]
    properties: dict[str, Property] = dataclasses.field(default_factory=dict)
    warnings: list[str] = dataclasses.field(default_factory=list)
    faults: list[str] = dataclasses.field(default_factory=list)

    def given(self, setting: Setting[Any]) -> Given | None:
        """Return the text of a setting at the place that counts most, or None."""
        option = self.options.get(setting.name)
        if option:
            return Given(option, setting.option, _OPTION)
        return self._set(setting) or self._variable(setting) or self._property(setting)

    def layer(self, properties: Sequence[Property]) -> None:
        """Lay the entries of a file over those of files that count less."""
        for entry in properties:
            # Laid anew, so that of two keys of one setting the one of the higher file is found.
            self.properties.pop(entry.key, None)
            self.properties[entry.key] = entry

    def _set(self, setting: Setting[Any]) -> Given | None:
        given = self._property(setting)
        return given if given is not None and given.origin.startswith(_SET) else None

    def _variable(self, setting: Setting[Any]) -> Given | None:
        text = self.environment.get(setting.variable)
        return Given(text, setting.variable, "environment") if text else None

    def _property(self, setting: Setting[Any]) -> Given | None:
        entries = [entry for key, entry in self.properties.items() if key in setting.keys]
        entries = [entry for entry in entries if entry.value.strip()]
        if not entries:
            return None
        return Given(entries[-1].value.strip(), entries[-1].key, entries[-1].where)


_SET = "option --set"


def read_sources(
    options: Mapping[str, Any], environment: Mapping[str, str], *, home: Path, user_home: Path
) -> Sources:
    """Read all files that settings come from.

    Args:
        options: By name or Python name; a flag is True; None stands for not given; ``set`` is a
            sequence of ``key=value``.
        environment: Of the process.
        home: The node's home.
        user_home: Where ``~/.brooklyn`` is looked for.
    """
    sources = Sources(_texts(options), environment)
    for name in _ETC:
        _layer_file(sources, home / "etc" / name, required=False)
    _layer_global(sources, user_home)
    local = sources.given(c.LOCAL_PROPERTIES)
    if local is not None:
        _layer_named(sources, local)
    sources.layer(_sets(options.get("set") or ()))
    read = _keys_of_store(sources)
    entries = [entry for entry in sources.properties.values() if entry.key not in read]
    sources.warnings += list(odd_keys(entries))
    sources.warnings += list(odd_variables(environment))
    sources.warnings += [
        f"{home / 'etc' / name} is not read yet: {instead}"
        for name, instead in UNREAD_FILES.items()
        if (home / "etc" / name).exists()
    ]
    return sources


def _keys_of_store(sources: Sources) -> frozenset[str]:
    """Return the keys that say where the object store of AMP's properties is."""
    location = sources.given(c.PERSISTENCE_LOCATION)
    texts = {key: entry.value.strip() for key, entry in sources.properties.items()}
    return frozenset() if location is None else store_location.keys_of(location.text, texts)


def _texts(options: Mapping[str, Any]) -> dict[str, str]:
    texts = {name.replace("_", "-"): value for name, value in options.items() if name != "set"}
    unknown = set(texts) - {setting.name for setting in c.SETTINGS}
    if unknown:
        raise InvalidInput(f"there is no option --{min(unknown)}")
    given = {name: value for name, value in texts.items() if value is not None and value != ()}
    return {
        name: str(value).lower() if value in (True, False) else str(value)
        for name, value in given.items()
    }


def _sets(pairs: Sequence[str]) -> list[Property]:
    entries = []
    for number, pair in enumerate(pairs, 1):
        key, equals, value = pair.partition("=")
        if not equals:
            raise InvalidInput(f"--set {pair!r} has no '='; for example --set persistMode=AUTO")
        entries.append(Property(key.strip(), value, _SET, number))
    return entries


def _layer_global(sources: Sources, user_home: Path) -> None:
    skip = sources.given(c.NO_GLOBAL_PROPERTIES)
    if skip is not None and c.NO_GLOBAL_PROPERTIES.kind.read(skip.text):
        return
    named = sources.given(c.GLOBAL_PROPERTIES)
    if named is None:
        _layer_file(sources, user_home / ".brooklyn" / "brooklyn.properties", required=False)
    else:
        _layer_named(sources, named)


def _layer_named(sources: Sources, named: Given) -> None:
    with contextlib.suppress(ValueError):  # told with all that settings cannot be read as
        _layer_file(sources, kinds.PATH.read(named.text), required=True)


def _layer_file(sources: Sources, path: Path, *, required: bool) -> None:
    try:
        data = path.read_bytes()
        entries = parse_properties(decoded(data, str(path)), str(path))
    except (FileNotFoundError, NotADirectoryError):
        if required:
            sources.faults.append(f"there is no file {path}")
        return
    except OSError as error:
        sources.faults.append(f"{path} cannot be read: {error.strerror}")
        return
    except BadProperties as error:
        sources.faults.append(str(error))
        return
    sources.warnings += list(repeated(entries))
    if any(map(_is_secret, entries)) and _readable_by_others(path):
        sources.warnings.append(f"{path} holds passwords and can be read by others: chmod 600 it")
    sources.layer(entries)


def _is_secret(entry: Property) -> bool:
    credential = entry.key.endswith(".credential")
    return credential or is_user_key(entry.key) or shown(entry.value) != entry.value


def _readable_by_others(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))

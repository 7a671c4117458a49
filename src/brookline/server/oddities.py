"""What is odd about settings that were given: unknown keys, keys without effect, repeated ones."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from brookline.security.configured import PREFIX, USERS, is_user_key
from brookline.server.catalogue import SETTINGS
from brookline.server.inert import HARMLESS, why_inert
from brookline.server.setting import ENVIRONMENT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from brookline.server.properties import Property

CLIENT_VARIABLES = ("URL", "USER", "PASSWORD", "CACERT", "INSECURE", "DEBUG")
"""Variables of the same prefix that belong to the client."""

_LIVE = frozenset(key for setting in SETTINGS for key in setting.keys) | {USERS}
"""Keys that have an effect."""


def repeated(entries: Iterable[Property]) -> Iterator[str]:
    """Tell of keys that one file gives twice, with two values."""
    lines: dict[str, Property] = {}
    for entry in entries:
        before = lines.get(entry.key)
        if before is not None and before.value != entry.value:
            yield f"{entry.where}: {entry.key} was given in line {before.line} already; this counts"
        lines[entry.key] = entry


def odd_keys(entries: Iterable[Property]) -> Iterator[str]:
    """Tell of keys that have no effect: known ones with the reason, others with what was meant."""
    for entry in entries:
        if entry.key in _LIVE or is_user_key(entry.key) or (entry.key, entry.value) in HARMLESS:
            continue
        reason = why_inert(entry.key)
        if reason is None or _closest(entry.key, _LIVE, 0.93):
            yield f"{entry.where}: unknown key {entry.key}{_question(entry.key)}"
        elif entry.value.strip():
            yield f"{entry.where}: {entry.key} has no effect yet: {reason}"


def odd_variables(environment: Mapping[str, str]) -> Iterator[str]:
    """Tell of variables of our prefix that nothing reads."""
    known = {setting.variable.removeprefix(ENVIRONMENT_PREFIX) for setting in SETTINGS}
    known |= set(CLIENT_VARIABLES)
    for variable in environment:
        name = variable.removeprefix(ENVIRONMENT_PREFIX)
        if name != variable and name not in known:
            meant = _beginning(name, known) or _closest(name, known, 0.6)
            yield f"environment: unknown variable {variable}" + (
                f"; did you mean {ENVIRONMENT_PREFIX}{meant}?" if meant else ""
            )


def _question(key: str) -> str:
    if key.startswith(f"{PREFIX}.user."):
        return f"; did you mean {PREFIX}.user.NAME.password, .salt or .sha256?"
    meant = _closest(key, _LIVE, 0.8)
    return f"; did you mean {meant}?" if meant else ""


def _beginning(name: str, known: Iterable[str]) -> str:
    """Return the longest known name of whose words `name` has more, as HA_MODE has of HA."""
    return max((each for each in known if name.startswith(f"{each}_")), key=len, default="")


def _closest(word: str, known: Iterable[str], cutoff: float) -> str:
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=cutoff)), "")

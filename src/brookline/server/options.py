"""Options of ``brookline server``, for the command line to offer; imports nothing heavy."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from brookline.server.catalogue import SETTINGS
from brookline.server.kinds import FLAG

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclasses.dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Attributes:
        name: Under which `run_server` takes its value.
        spellings: With their hyphens; the first is ours, the others are AMP's.
        is_flag: Whether it takes no value.
        is_on: Whether it is a flag that is set unless ``--no-…`` is given.
        metavar: What stands for the value in the help.
        help: One sentence.
    """

    name: str
    spellings: tuple[str, ...]
    is_flag: bool
    is_on: bool
    metavar: str
    help: str


def server_options() -> Iterator[Option]:
    """Yield an option for each setting; beside them ``--set KEY=VALUE`` may be given many times."""
    for setting in SETTINGS:
        yield Option(
            setting.name,
            (setting.option, *setting.aliases),
            setting.kind is FLAG,
            setting.default is True,
            setting.kind.metavar,
            setting.help,
        )

"""One setting: where it may be given, how it is read, and what it is for."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from brookline.server.kinds import Kind

T_co = TypeVar("T_co", covariant=True)

ENVIRONMENT_PREFIX = "BROOKLINE_"


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Setting(Generic[T_co]):
    """A setting. Two are the same only if they are the same object.

    Attributes:
        name: Makes the option (``--persistence-dir``) and the variable
            (``BROOKLINE_PERSISTENCE_DIR``).
        kind: How its text is read.
        default: Its value if it is given nowhere.
        help: What it is for, one sentence.
        keys: In properties files, AMP's first.
        aliases: Further options, as AMP's launcher spells them.
        reloads: Whether a change counts at once after `properties/reload`.
    """

    name: str
    kind: Kind[T_co]
    default: T_co
    help: str
    keys: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    reloads: bool = False

    @property
    def option(self) -> str:
        """The option on the command line."""
        return f"--{self.name}"

    @property
    def variable(self) -> str:
        """The variable of the environment."""
        return ENVIRONMENT_PREFIX + self.name.upper().replace("-", "_")


@dataclasses.dataclass(frozen=True, slots=True)
class Given:
    """The text of a setting at one place.

    Attributes:
        text: As written.
        label: The option, variable or key.
        origin: Where it stands, for people, such as ``etc/brooklyn.cfg:3``.
    """

    text: str
    label: str
    origin: str

"""Locations: where entities run, as recorded. Making and using machines is not done here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.wire.changes import Value

_NOTHING: Mapping[str, Any] = {}


class Location:
    """A location instance.

    Attributes:
        id: Id of the location and of its record.
        record: Value of ``location/<id>``.
    """

    __slots__ = ("id", "record")

    def __init__(self, location_id: str, record: Value) -> None:
        self.id = location_id
        self.record = record

    @property
    def name(self) -> str:
        """Display name."""
        return self.record.get("name", "") or self.id

    @property
    def spec(self) -> str:
        """The spec that it was made from, such as ``localhost``."""
        return self.record.get("spec", "")  # type: ignore[no-any-return]

    @property
    def type(self) -> str:
        """AMP's full type name."""
        return self.record.get("type", "")  # type: ignore[no-any-return]

    @property
    def parent(self) -> str:
        """Id of the location that gave it, or empty."""
        return self.record.get("parent", "")  # type: ignore[no-any-return]

    @property
    def config(self) -> Mapping[str, Any]:
        """Its config; read only."""
        return self.record.get("config", _NOTHING)  # type: ignore[no-any-return]

"""The tree of all entities: each one encoded once per change of it, and put together when asked.

The whole tree of thousands of entities is what the web UI polls. What must be encoded anew is
done in slices, so that no request keeps the event loop.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from brookline.api.answers import encode, etag
from brookline.api.summaries import entity_detail

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from brookline.model.entity import Entity
    from brookline.model.live import Live
    from brookline.values.clock import Clock

_SLICE = 500
"""Entities that are encoded between two looks at other work; some 10 ms."""

_MOST_WHOLES = 4
"""Different questions whose whole answers are kept."""


@dataclasses.dataclass(frozen=True, slots=True)
class Whole:
    """A whole answer.

    Attributes:
        live: What it shows.
        version: Of it when this was put together.
        body: JSON.
        etag: Of the body.
    """

    live: Live
    version: int
    body: bytes
    etag: str


class Tree:
    """Encodes entities with all that is below them.

    Args:
        clock: To let other work in between slices.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heads: dict[str, tuple[Entity, int, bytes]] = {}
        self._wholes: dict[object, Whole] = {}

    @property
    def kept(self) -> int:
        """How many entities are kept encoded."""
        return len(self._heads)

    async def whole(self, live: Live, sensors: Sequence[str], tops: Sequence[Entity]) -> Whole:
        """Return entities with all below them, with some sensors of these tops."""
        question = (tuple(sensors), tuple(top.id for top in tops))
        kept = self._wholes.get(question)
        if kept is not None and kept.live is live and kept.version == live.version:
            return kept
        await self._refresh(live)
        body = self._assembled(tops, sensors)
        made = Whole(live, live.version, body, etag(body))
        if len(self._wholes) >= _MOST_WHOLES:
            self._wholes.clear()
        self._wholes[question] = made
        return made

    async def _refresh(self, live: Live) -> None:
        """Encode what has changed, and forget what is gone."""
        fresh = 0
        for entity in tuple(live.entities()):
            kept = self._heads.get(entity.id)
            if kept is None or kept[0] is not entity or kept[1] != entity.version:
                self._head(entity)
                fresh += 1
                if fresh % _SLICE == 0:
                    await self._clock.sleep(0)
        if len(self._heads) > len(live):
            self._heads = {i: kept for i, kept in self._heads.items() if live.entity(i) is kept[0]}

    def _head(self, entity: Entity) -> bytes:
        """Return an entity's JSON without its end, at which its children follow."""
        kept = self._heads.get(entity.id)
        if kept is not None and kept[0] is entity and kept[1] == entity.version:
            return kept[2]
        head = encode(entity_detail(entity))[:-1]
        self._heads[entity.id] = (entity, entity.version, head)
        return head

    def _assembled(self, tops: Iterable[Entity], sensors: Sequence[str]) -> bytes:
        parts = [b"["]
        for top in tops:
            parts.append(b"," if len(parts) > 1 else b"")
            extra = b',"sensors":' + encode(chosen_sensors(top, sensors)) if sensors else b""
            self._append(parts, top, extra)
        parts.append(b"]")
        return b"".join(parts)

    def _append(self, parts: list[bytes], top: Entity, extra: bytes) -> None:
        """Append an entity and all below it; a loop, since trees may be deep."""
        waiting: list[Entity | bytes] = [top]
        while waiting:
            item = waiting.pop()
            if isinstance(item, bytes):
                parts.append(item)
                continue
            parts.append(self._head(item))
            if item is top:
                parts.append(extra)
            if not item.children:
                parts.append(b"}")
                continue
            parts.append(b',"children":[')
            waiting.append(b"]}")
            for number, child in enumerate(reversed(item.children)):
                if number:
                    waiting.append(b",")
                waiting.append(child)


def chosen_sensors(entity: Entity, names: Iterable[str]) -> dict[str, Any]:
    """Return the values of some sensors; None for one that is not set."""
    return {name: entity.sensors.get(name) for name in names}

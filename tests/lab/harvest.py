"""What a run leaves behind: the log in the store, the machines' traces, what the nodes show."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import itertools
import json
from typing import TYPE_CHECKING, Any

from tests.lab.history import ADD, CHILD, Entry, Ran, View, mark
from tests.lab.lab import RACKS, SHELVES

from brookline.journal.entry import NO_HASH, decode, open_entry
from brookline.journal.keys import JOURNAL, is_entry_key
from brookline.stores.registry import open_store
from brookline.values.clock import SystemClock
from brookline.wire.changes import Merge, Put
from brookline.wire.entries import Fence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.lab.lab import Lab
    from tests.lab.nodes import LabNode

    from brookline.journal.entry import Entry as Written
    from brookline.wire.changes import Change

_READ_S = 20.0


def read_log(url: str, entities: Mapping[str, str]) -> tuple[Entry, ...]:
    """Return the log, with what was done to the shared entities, which are named by their ids."""
    return asyncio.run(_read_log(url, {entity: name for name, entity in entities.items()}))


async def _read_log(url: str, names: Mapping[str, str]) -> tuple[Entry, ...]:
    store = await open_store(url, SystemClock())
    found, before = [], NO_HASH
    try:
        for key in await store.list(JOURNAL):
            if not is_entry_key(key) or (data := await store.get(key)) is None:
                continue
            opened = open_entry(data, key)
            blob = await store.get(opened.header.blob) if opened.header.blob else None
            entry = decode(opened, key, blob)
            found.append(_told(entry, names, chained=entry.header.prev == before))
            before = entry.hash
    finally:
        await store.close()
    return tuple(found)


def _told(entry: Written, names: Mapping[str, str], *, chained: bool) -> Entry:
    kind = type(entry.payload).__name__.lower()
    name = entry.payload.name if isinstance(entry.payload, Fence) else ""
    items = tuple(item for change in entry.changes() for item in _items(change, names))
    return Entry(entry.seq, entry.epoch, kind, entry.header.node, name, items, chained)


def _items(change: Change, names: Mapping[str, str]) -> Iterator[str]:
    """Yield what a change does that a client may have asked for."""
    if change.kind == "sensors" and change.id in names and isinstance(change, Put | Merge):
        fields = change.value if isinstance(change, Put) else change.set
        for name, value in fields.items():
            if _sensor(value) == name:
                yield mark(ADD, names[change.id], name)
    if change.kind == "entity" and isinstance(change, Put) and change.value["parent"] in names:
        yield mark(CHILD, names[change.value["parent"]], change.value["name"])


def _sensor(value: Any) -> Any:
    return value.get("value") if isinstance(value, dict) else value


def read_trace(path: Path) -> tuple[Ran, ...]:
    """Return what the commands wrote down."""
    found = []
    for line in path.read_text().splitlines():
        item, where, epoch, claimed = line.split()
        found.append(Ran(item, where, int(epoch), float(claimed)))
    return tuple(found)


def read_views(lab: Lab, seq: int) -> tuple[View, ...]:
    """Return what each node shows, once it shows all of the log."""
    views = []
    for node in lab.nodes.values():
        with contextlib.suppress(OSError, http.client.HTTPException, _Silent):
            views.append(_view(lab, node, seq))
    return tuple(views)


def read_faults(lab: Lab) -> tuple[str, ...]:
    """Return the lines by which servers told of faults of the program itself."""
    found = []
    for node in lab.nodes.values():
        lines = lab.log_of(node).splitlines()
        for before, line in itertools.pairwise(["", *lines]):
            if line.startswith("Traceback") or "itself failed" in line:
                found.append(f"{node.name}: {before} {line}".strip())
    return tuple(found)


class _Silent(Exception):
    """A node does not show what it is asked for."""


def _view(lab: Lab, node: LabNode, seq: int) -> View:
    path = f"/v1/applications/{lab.app}/entities"
    sensors, children = {}, {}
    for name in SHELVES:
        shown = _get(node, f"{path}/{lab.entities[name]}/sensors/current-state", seq)
        sensors[name] = tuple(sorted(key for key, value in shown.items() if key == value))
    for name in RACKS:
        shown = _get(node, f"{path}/{lab.entities[name]}/children", seq)
        children[name] = tuple(one["name"] for one in shown)
    return View(node.name, seq, sensors, children)


def _get(node: LabNode, path: str, seq: int) -> Any:
    reply = node.ask("GET", path, timeout_s=_READ_S, headers={"Brookline-Sequence": str(seq)})
    if reply.status != 200:
        raise _Silent
    return json.loads(reply.body)

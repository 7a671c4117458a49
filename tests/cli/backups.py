"""A plane in a folder, of which backups are made, and what a node would read of one that was restored."""

from __future__ import annotations

import contextlib
import threading

import msgspec
from tests.journal.folders import CLOCK, FolderLog

from brookline.journal.planekey import find_plane
from brookline.journal.reader import Reader
from brookline.journal.replica import Replica
from brookline.journal.rules import ALL_RULES
from brookline.journal.verifying import verify
from brookline.wire.changes import Drop, Merge, Put
from brookline.wire.heartbeats import Heartbeat

APP, TASK = "webapp0001", "task000001"


def make_log(folder, plane="planeabcde"):
    """Return a plane on which: web is deployed (3), db is deployed (4), web is being started (5), db is gone (6)."""
    log = FolderLog(folder, plane)
    log.lead()
    log.put(
        Put("location", "machine001", {"name": "m", "config": {"guard": {"folder": "/g"}, "x": 1}}),
        Put("entity", APP, entity("web")),
        Put("session-key", "key0000001", {"key": "secret"}),
    )
    log.put(Put("entity", "dbapp00001", entity("db", "dbapp00001")))
    log.put(Put("task", TASK, task("running")), Put("sensors", APP, starting()))
    log.put(Drop("entity", "dbapp00001"), Merge("entity", APP, {"name": "web2"}))
    return log


def entity(name, app=APP):
    return {
        "app": app,
        "parent": "",
        "type": "org.apache.brooklyn.entity.stock.BasicApplication",
        "name": name,
    }


def task(status):
    return {
        "name": "start",
        "entity": APP,
        "entityName": "web",
        "effector": "start",
        "status": status,
        "work": {"k": 1},
    }


def starting():
    return {"service.state.expected": "starting @ 1 / Wed Nov 25 22:00:00 UTC 2026"}


def read(folder):
    """Return what a node would read in a store."""
    log = FolderLog.__new__(FolderLog)
    log.folder = folder

    async def go(store):
        replica = Replica(await find_plane(store) or "")
        reader = Reader(store, replica, clock=CLOCK, rules=ALL_RULES, gap_alarm_s=60)
        await reader.load()
        await reader.catch_up()
        assert (await verify(store, CLOCK)).faults == []
        return replica

    return log.with_store(go)


@contextlib.contextmanager
def beating(store, *, name="n1"):
    """Have a node beat in a folder that is a store."""
    ended, folder = threading.Event(), store / "node"
    folder.mkdir(exist_ok=True)

    def beat(counter):
        beat = Heartbeat("instance01", name, "home", counter, "MASTER", "AUTO", 1)
        (folder / ".new").write_bytes(msgspec.json.encode(beat))
        (folder / ".new").replace(folder / "instance01")

    def go_on():
        counter = 1
        while not ended.wait(0.1):
            counter += 1
            beat(counter)

    beat(1)
    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()

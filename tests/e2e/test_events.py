"""One client of the stream over the ends of its masters, event by event against the log in the store."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
from http.client import HTTPException

import pytest
from tests.e2e.servers import QUICK, Writer, eventually

from brookline.journal.entry import decode, open_entry

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(120)]


class Listener:
    """Listens to one node after another, and goes on at the next with the last id that it has."""

    def __init__(self, servers, query):
        self.servers = servers
        self.query = query
        self.last_id = ""
        self.events = []
        self.hellos = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        eventually("it is greeted", lambda: self.hellos or None)
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    @property
    def names(self):
        return [name for name, _, _ in self.events]

    def changes(self):
        return [data for name, _, data in self.events if name == "changes"]

    def _run(self):
        number = 0
        while not self.ended.is_set():
            with contextlib.suppress(OSError, HTTPException):
                self._listen(self.servers[number % len(self.servers)])
            number += 1
            self.ended.wait(0.02)

    def _listen(self, server):
        connection = server.connect(1.0)  # beats come more often
        headers = dict(server.cluster.login)
        if self.last_id:
            headers["Last-Event-ID"] = self.last_id
        try:
            connection.request("GET", f"/v1/events?{self.query}", headers=headers)
            answer = connection.getresponse()
            if answer.status != 200:
                return
            fields = {}
            while (line := answer.readline()) and not self.ended.is_set():
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    fields[name] = value
                    continue
                self._take(fields)
                fields = {}
        finally:
            connection.close()

    def _take(self, fields):
        data = json.loads(fields["data"])
        if fields["event"] == "hello":
            self.hellos.append(data)
        self.last_id = fields.get("id", self.last_id)
        self.events.append((fields["event"], fields.get("id"), data))


def log_of(cluster):
    """Returns the changes of each entry in the store, by its number."""
    found = {}
    for path in sorted((cluster.store / "journal").rglob("*")):
        if path.is_file() and path.name.isdecimal():
            opened = open_entry(path.read_bytes(), path.name)
            assert not opened.header.blob, "no entry of this test is so large"
            found[int(path.name)] = list(decode(opened, path.name).changes())
    return found


def sensors_of(log, entity):
    """Returns what the log says of an entity's sensors: entries with the values that they set."""
    told = []
    for seq, changes in log.items():
        values = {}
        for change in changes:
            if change.kind == "sensors" and change.id == entity:
                values |= getattr(change, "value", None) or getattr(change, "set", {})
        if values:
            told.append((seq, values))
    return told


def test_a_client_hears_each_entry_once_though_its_masters_are_killed_and_leave(cluster):
    n1, n2 = cluster.pair(*QUICK, "--events-beat", "200ms")
    app = cluster.deploy(n2)
    query = f"topics=plane,entities&application={app}&sensors=*"
    with Listener([n1, n2], query) as listener:
        with Writer([n1, n2], app) as writer:
            n1.kill()
            writer.writes(100)
            n1.start(*QUICK, "--events-beat", "200ms").becomes("standby").becomes("read")
            writer.writes(50)
            eventually("n2 knows its heir", lambda: cluster.heir(n2) == "n1")
            n2.signal(signal.SIGTERM)
            n2.wait()
            writer.writes(100)
        n1.becomes("master")
        last = max(seq for seq, _ in sensors_of(log_of(cluster), app))
        eventually("all is heard", lambda: listener.changes()[-1]["seq"] >= last)

    log = log_of(cluster)
    begin = listener.hellos[0]["seq"]
    assert [hello["resumed"] for hello in listener.hellos] == [False] + [True] * (
        len(listener.hellos) - 1
    )
    assert "reset" not in listener.names
    leaving = next(data for name, _, data in listener.events if name == "leaving")
    assert [node["name"] for node in leaving["nodes"]] == ["n1"]
    seqs = [body["seq"] for body in listener.changes()]
    assert seqs == sorted(set(seqs)), "an entry twice, or out of order"
    heard = [
        (body["seq"], one["set"])
        for body in listener.changes()
        for one in body["changes"]
        if one["type"] == "sensors" and one["id"] == app
    ]
    assert "coalesced" not in {key for body in listener.changes() for key in body}
    assert heard == [one for one in sensors_of(log, app) if one[0] > begin]
    assert {name for _, values in heard for name in values} >= set(writer.acknowledged[20:])
    masterships = {
        one["epoch"]
        for body in listener.changes()
        for one in body["changes"]
        if one["type"] == "mastership"
    }
    assert masterships == {1, 2, 3}


def test_an_open_page_hears_that_the_other_node_leads(cluster):
    """What comes between is told if it takes longer than a look at the plane, which it need not."""
    n1, n2 = cluster.pair(*QUICK)
    with Listener([n2], "topics=plane") as listener:
        eventually("n1 leads", lambda: views(listener)[-1:] == [("led", "n1")] or None)
        n1.kill()
        eventually("n2 leads", lambda: views(listener)[-1] == ("led", "n2") or None)
    between = {("silent", "n1"), ("gone", "n1"), ("taking-over", "n2")}
    assert [view for view in views(listener) if view not in between] == [
        ("led", "n1"),
        ("led", "n2"),
    ]
    assert len(listener.hellos) == 1


def views(listener):
    """Returns the phases of the plane, as they were told."""
    told = [data["view"] for name, _, data in list(listener.events) if name == "plane"]
    return [(view["phase"], view["name"]) for view in told]

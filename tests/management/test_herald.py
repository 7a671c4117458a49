"""What the herald makes of changes of records: every node the same of the same entry."""

from __future__ import annotations

import pytest

from brookline.entities import BasicApplication, BasicEntity
from brookline.journal.records import Records
from brookline.locations.kinds import Locations
from brookline.management.building import build
from brookline.management.herald import Fact, Subject, What
from brookline.model.types import Types
from brookline.operations.streams import Streams
from brookline.values.clock import SystemClock
from brookline.wire.changes import Drop, Merge, Put

APP = {"app": "a", "parent": "", "type": BasicApplication.TYPE, "name": "shop", "created": 1}
WEB = {"app": "a", "parent": "a", "type": BasicEntity.TYPE, "name": "web", "created": 2}
START = {"name": "start", "entity": "w", "status": "running", "submitted": 3, "started": 3}


class Node:
    """A node that shows records, and keeps what is told."""

    def __init__(self, folder):
        types = Types([BasicApplication, BasicEntity])
        self.built = build(types, Locations([]), streams=Streams(folder), clock=SystemClock())
        self.built.herald.listeners.append(self)
        self.records = Records()
        self.heard = []
        self.seq = 0

    async def begin(self):
        await self.built.tenant.reset(self.records, self.seq)
        return self

    def apply(self, *changes):
        """Apply one entry; return its facts."""
        self.seq += 1
        self.records.apply(changes)
        self.built.tenant.publish(changes, None, self.seq)
        return self.heard[-1][1]

    def told(self, facts, seq):
        for fact in facts:
            if fact.subject is Subject.ENTITY and fact.what is not What.REMOVED:
                assert self.built.management.live.entity(fact.id), "told before it is shown"
        self.heard.append((seq, list(facts)))

    def anew(self, seq):
        self.heard.append((seq, "anew"))

    def nothing(self):
        self.heard.append((0, "nothing"))


@pytest.fixture
async def node(tmp_path):
    return await Node(tmp_path).begin()


@pytest.fixture
async def shop(node):
    node.apply(Put("entity", "a", APP), Put("entity", "w", WEB))
    return node


def short(facts):
    return [(fact.subject.value, fact.id, fact.what.value) for fact in facts]


async def test_entities_are_added_changed_and_removed(node):
    added = node.apply(Put("entity", "a", APP), Put("entity", "w", WEB))
    assert short(added) == [("entity", "a", "added"), ("entity", "w", "added")]
    assert [(fact.application, fact.above) for fact in added] == [("a", ()), ("a", ("a",))]
    (renamed,) = node.apply(Merge("entity", "w", {"name": "front"}))
    assert (renamed.what, renamed.value["name"]) == (What.CHANGED, "front")
    gone = node.apply(Drop("sensors", "w"), Drop("entity", "w"), Drop("entity", "a"))
    assert short(gone) == [("entity", "w", "removed"), ("entity", "a", "removed")]
    assert [(fact.application, fact.above) for fact in gone] == [("a", ("a",)), ("a", ())]


async def test_of_an_entity_it_is_told_which_config_has_changed(node):
    config = {"a": 1, "b": {"c": 2}, "d": None}
    (added,) = node.apply(Put("entity", "a", {**APP, "config": config}))
    assert added.config == ()
    (fact,) = node.apply(Merge("entity", "a", {"config": {**config, "b": {"c": 3}}}))
    assert fact.config == ("b",)
    (fact,) = node.apply(Merge("entity", "a", {"config": {"a": 1, "e": 0}}))
    assert fact.config == ("b", "d", "e")
    (renamed,) = node.apply(Merge("entity", "a", {"name": "store"}))
    assert renamed.config == ()


WAITS = {"status": "interrupted", "ended": 9, "interruption": {"cause": "once"}}


async def test_it_is_told_that_an_operation_waits_for_a_decision_and_that_it_does_no_more(shop):
    def undecided(*changes):
        return [fact.undecided for fact in shop.apply(*changes)]

    assert undecided(Put("task", "t", START), Put("task", "u", START)) == [None, None]
    assert undecided(Merge("task", "t", WAITS), Merge("task", "u", WAITS)) == [True, True]
    assert undecided(Merge("task", "t", {"streams": {"stdout": 1}})) == [None]
    assert undecided(Merge("task", "t", {"status": "running"}, ("interruption",))) == [False]
    assert undecided(Merge("task", "t", {"status": "completed"})) == [None]
    abandoned = {"interruption": {"cause": "once", "resolved": {"how": "abandoned"}}}
    assert undecided(Merge("task", "u", abandoned)) == [False]
    assert undecided(Drop("task", "u")) == [None]
    assert undecided(Merge("task", "t", WAITS), Put("task", "v", {**START, **WAITS})) == [True] * 2
    assert undecided(Drop("task", "t")) == [False]


async def test_only_sensors_that_have_changed_are_told(shop):
    shop.apply(Merge("sensors", "w", {"x": 1, "y": 2, "service.isUp": True}))
    (fact,) = shop.apply(Merge("sensors", "w", {"x": 1, "y": 3, "service.isUp": True}))
    assert fact == Fact(Subject.SENSORS, "w", What.CHANGED, "a", value={"y": 3})
    assert shop.apply(Merge("sensors", "w", {"x": 1})) == []
    (fact,) = shop.apply(Put("sensors", "w", {"service.isUp": False}))
    assert (fact.value, fact.gone) == ({"service.isUp": False}, ("x", "y"))
    assert fact.service == {"service.isUp": False}


async def test_what_comes_with_an_entity_is_told_with_it_and_what_goes_again_is_not(node):
    facts = node.apply(
        Put("entity", "a", APP), Put("sensors", "a", {"x": 1}),
        Put("entity", "w", WEB), Drop("entity", "w"), Put("task", "t", START), Drop("task", "t"),
    )  # fmt: skip
    assert short(facts) == [("entity", "a", "added"), ("sensors", "a", "changed")]


async def test_a_task_is_told_with_those_of_which_it_is_a_part(shop):
    shop.apply(Put("task", "t", START))
    (part,) = shop.apply(Put("task", "p", {**START, "parent": "t"}))
    assert (part.what, part.above, part.entity, part.application) == (What.ADDED, ("t",), "w", "a")
    (deeper,) = shop.apply(Put("task", "q", {**START, "parent": "p"}))
    assert deeper.above == ("p", "t")
    (ended,) = shop.apply(Merge("task", "q", {"status": "completed"}))
    assert (ended.what, ended.value["status"]) == (What.CHANGED, "completed")
    (gone,) = shop.apply(Drop("task", "p"))
    assert (gone.what, gone.above, gone.application) == (What.REMOVED, ("t",), "a")


async def test_a_task_that_its_node_has_let_go_of_is_told_to_be_gone_all_the_same(shop):
    shop.apply(Put("task", "t", START))
    shop.built.management.tasks.forget(shop.built.management.tasks.get("t"))
    assert short(shop.apply(Drop("task", "t"))) == [("task", "t", "removed")]


async def test_a_task_that_its_node_runs_already_is_added_when_it_is_recorded(shop):
    tasks = shop.built.management.tasks
    shop.apply(Put("task", "t", START))
    tasks.get("t").recorded = False
    assert short(shop.apply(Put("task", "t", START))) == [("task", "t", "added")]


async def test_masterships_are_told_and_what_nobody_shows_is_not(node):
    facts = node.apply(
        Put("mastership", "7", {"epoch": 7}), Put("user", "u", {}), Drop("mastership", "1")
    )
    assert short(facts) == [("mastership", "7", "changed")]


async def test_a_node_that_is_built_anew_or_shows_nothing_says_so(node):
    await node.built.tenant.reset(node.records, 9)
    node.built.tenant.forget()
    assert node.heard == [(0, "anew"), (9, "anew"), (0, "nothing")]


async def test_two_nodes_tell_the_same(tmp_path):
    one, other = [await Node(tmp_path / str(n)).begin() for n in range(2)]
    entries = (
        (Put("entity", "a", APP), Put("entity", "w", WEB), Put("task", "t", START)),
        (Merge("sensors", "w", {"x": 1}), Merge("task", "t", {"streams": {"stdout": 1}})),
        (Merge("sensors", "w", {}, ("x",)), Drop("task", "t")),
        (Drop("entity", "w"),),
    )
    for entry in entries:
        assert one.apply(*entry) == other.apply(*entry)

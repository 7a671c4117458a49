"""Which facts a question is about."""

from __future__ import annotations

import pytest

from brookline.api.event_filter import read_filter
from brookline.api.event_shapes import changes, coalesced
from brookline.api.ring import Told
from brookline.errors import InvalidInput
from brookline.management.herald import Fact, Subject, What

APP = Fact(Subject.ENTITY, "a", What.ADDED, "a", value={"name": "shop", "type": "App"})
WEB = Fact(Subject.ENTITY, "w", What.ADDED, "a", ("a",), value={"name": "web", "type": "Web"})
UP = Fact(
    Subject.SENSORS, "w", What.CHANGED, "a",
    value={"service.isUp": True, "my.password": "hush"}, gone=("old",),
    service={"service.isUp": True},
)  # fmt: skip
TASK = Fact(Subject.TASK, "p", What.CHANGED, "a", ("t",), "w", {"status": "running"})
GONE = Fact(Subject.TASK, "g", What.REMOVED)
CUT = Fact(
    Subject.TASK, "c", What.CHANGED, "a", (), "w", {"status": "interrupted"}, undecided=True
)  # fmt: skip
MASTER = Fact(Subject.MASTERSHIP, "3", What.CHANGED, value={"epoch": 3})
ALL = [APP, WEB, UP, TASK, GONE, CUT, MASTER]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({}, ["application a", "interrupted c", "mastership 3"]),
        ({"topics": "plane", "application": "b"}, ["interrupted c", "mastership 3"]),
        ({"topics": "plane,tasks", "task": "c"}, ["task c", "interrupted c", "mastership 3"]),
        ({"topics": "applications"}, ["application a"]),
        ({"topics": "entities"}, ["application a", "entity w", "state w"]),
        ({"topics": "entities", "entity": "w"}, ["entity w", "state w"]),
        ({"topics": "entities", "application": "b"}, []),
        ({"topics": "entities", "entity": "w", "sensors": "x"}, ["entity w", "state w"]),
        ({"topics": "entities", "entity": "w", "sensors": "old"},
         ["entity w", "state w", "sensors w"]),
        ({"topics": "tasks"}, ["task p", "task g", "task c"]),
        ({"topics": "tasks", "task": "t"}, ["task p"]),
        ({"topics": "tasks", "task": "p,x"}, ["task p"]),
        ({"topics": "tasks", "task": "x"}, []),
        ({"topics": "tasks", "entity": "v"}, ["task g"]),
        ({"topics": "entities,tasks", "sensors": "*", "detail": "w"},
         ["application a", "entity w", "state w", "sensors w", "task p", "task g", "task c"]),
        ({"topics": "entities,tasks", "sensors": "*", "detail": "v"},
         ["application a", "entity w", "state w", "task g"]),
        ({"topics": "tasks", "application": "a"}, ["task p", "task g", "task c"]),
    ],
    ids=str,
)  # fmt: skip
def test_a_question_is_answered_with_what_it_is_about(query, told):
    wanted = read_filter(query)
    assert [f"{one['type']} {one['id']}" for one in changes(ALL, wanted)] == told


def test_how_a_task_gets_on_is_told_of_what_is_looked_at_in_detail():
    wanted = read_filter({"topics": "entities,tasks", "application": "a", "detail": "w"})
    assert wanted.wants_progress(("p",), "w", "a")
    assert not wanted.wants_progress(("p",), "v", "a")


def test_secrets_are_not_told():
    (_, sensors) = changes([UP], read_filter({"topics": "entities", "sensors": "*"}))
    assert sensors["set"]["my.password"].startswith("<suppressed>")
    assert sensors["set"]["service.isUp"] is True
    assert sensors["removed"] == ["old"]


@pytest.mark.parametrize(
    "query",
    [
        {"topics": "plane,x"},
        {"sensors": "a"},
        {"task": "t"},
        {"entity": ",".join(map(str, range(501)))},
    ],
    ids=["topic", "sensors", "task", "too many"],
)
def test_what_makes_no_sense_is_refused(query):
    with pytest.raises(InvalidInput):
        read_filter(query)


def test_of_several_entries_the_latest_counts_and_what_came_and_went_is_not_told():
    renamed = WEB._replace(what=What.CHANGED, value={"name": "front", "type": "Web"})
    entries = [
        Told(1, [APP, WEB]),
        Told(2, [renamed, TASK._replace(what=What.ADDED)]),
        Told(3, [TASK._replace(what=What.REMOVED, value={})]),
        Told(4, [APP._replace(what=What.REMOVED, value={})]),
        Told(5, [APP._replace(what=What.ADDED)]),
    ]
    told = coalesced(entries, read_filter({"topics": "entities,tasks"}))
    assert [(one["type"], one["id"], one["what"]) for one in told] == [
        ("application", "a", "added"),
        ("entity", "w", "added"),
    ]
    assert told[1]["name"] == "front"


def test_of_several_changes_of_config_all_names_are_told_and_no_value():
    def set_of(name, *keys):
        return WEB._replace(what=What.CHANGED, value={"name": name, "config": {}}, config=keys)

    entries = [Told(1, [set_of("web", "a", "b")]), Told(2, [set_of("web")]),
               Told(3, [set_of("front", "b", "my.password")])]  # fmt: skip
    (told,) = coalesced(entries, read_filter({"topics": "entities"}))
    assert (told["name"], told["config"]) == ("front", ["a", "b", "my.password"])


def test_of_several_decisions_the_latest_counts():
    entries = [Told(1, [CUT]), Told(2, [CUT._replace(undecided=False)])]
    (told,) = coalesced(entries, read_filter({}))
    assert told == {
        "type": "interrupted", "id": "c", "entity": "w", "application": "a", "waits": False
    }  # fmt: skip

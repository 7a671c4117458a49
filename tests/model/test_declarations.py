from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from brookline.errors import InvalidInput
from brookline.model.declarations import config, sensor
from brookline.model.effectors import Parameter, effector
from brookline.model.entity import Entity
from brookline.model.inheritance import Inheritance
from brookline.model.live import live_of
from brookline.model.types import Types, UnknownEntity
from brookline.values.durations import Duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.model.live import Live


class Process(Entity, abstract=True):
    env = config(
        "shell.env", dict, flags=("env",), inheritance=Inheritance.NOT_REINHERITED_ELSE_DEEP_MERGE
    )
    launch = config("launch.command", str, inheritance=Inheritance.NEVER)
    hook = config("pre.launch.command", str, inheritance=Inheritance.NOT_REINHERITED)
    timeout = config(
        "start.timeout",
        Duration,
        default="2m",
        flags=("startTimeout",),
        deprecated=("timeout.start",),
    )
    labels = config("labels", dict, inheritance=Inheritance.DEEP_MERGE)

    @effector
    async def restart(self, op: object) -> None:
        """Stop and start."""


class Cache(Process):
    TYPE = "org.example.Cache"
    ALIASES = ("cache",)
    ratio = sensor("cache.ratio", float, description="Hits")

    @effector
    async def flush(self, op: object, soft: bool, count: int = 3) -> int:
        """Drop all cached items.

        And more.
        """
        return count if soft else 0

    @effector(
        name="resize", parameters=(Parameter("desiredSize", int, required=True, argument="size"),)
    )
    async def change_size(self, op: object, size: int) -> int:
        return size

    async def restart(self, op: object) -> None:
        raise NotImplementedError


class App(Entity):
    TYPE = "org.example.App"
    APPLICATION = True


TYPES = Types([Cache, App])


def tree(*configs: Mapping[str, Any], types: tuple[str, ...] = ()) -> Live:
    """Return a model of an application `e0` with `e1` below it, and so on."""
    names = types or ("org.example.App", *["org.example.Cache"] * (len(configs) - 1))
    records = {
        f"e{i}": {
            "app": "e0",
            "parent": f"e{i - 1}" if i else "",
            "type": names[i],
            "name": f"E{i}",
            "config": dict(given),
        }
        for i, given in enumerate(configs)
    }
    return live_of(TYPES, records, {})


def value(live: Live, entity_id: str, key: str) -> Any:
    entity = live.entity(entity_id)
    assert entity is not None
    found = entity.find_config(key)
    return found.value if found else "unset"


def test_a_type_lists_what_it_and_its_bases_declare() -> None:
    assert set(Cache.KEYS) == {
        "shell.env", "launch.command", "pre.launch.command", "start.timeout", "labels",
    }  # fmt: skip
    assert set(Cache.FLAGS) == {"env", "startTimeout", "timeout.start"}
    assert set(Cache.SENSORS) == {"cache.ratio", "entity.id", "application.id", "catalog.id"}
    assert set(Cache.EFFECTORS) == {"restart", "flush", "resize"}
    assert Cache.EFFECTORS["flush"].description == "Drop all cached items."
    assert Cache.EFFECTORS["flush"].returns is int
    assert [p.name for p in Cache.EFFECTORS["flush"].parameters] == ["soft", "count"]


async def test_an_effector_runs_the_method_of_the_class_of_the_entity() -> None:
    cache = tree({}, {}).entity("e1")
    assert cache is not None
    assert await Cache.EFFECTORS["flush"].call(cache, None, {"soft": "TRUE", "other": 1}) == 3
    assert await Cache.EFFECTORS["resize"].call(cache, None, {"desiredSize": "7"}) == 7
    with pytest.raises(NotImplementedError):
        await Cache.EFFECTORS["restart"].call(cache, None, {})


@pytest.mark.parametrize("given", [{}, {"soft": None}, {"soft": "perhaps"}], ids=repr)
def test_arguments_that_do_not_fit_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="parameter 'soft'"):
        Cache.EFFECTORS["flush"].arguments(given)


def test_a_declared_value_is_read_typed_on_the_entity() -> None:
    live = live_of(
        TYPES,
        {
            "a": {"type": "org.example.App", "name": "a", "parent": ""},
            "b": {"type": "cache", "name": "b", "parent": "a", "config": {"start.timeout": "5s"}},
            "c": {"type": "cache", "name": "c", "parent": "a"},
        },
        {"b": {"cache.ratio": "0.5"}},
    )
    b, c = live.entity("b"), live.entity("c")
    assert isinstance(b, Cache)
    assert isinstance(c, Cache)
    assert (b.timeout, c.timeout) == (Duration.of("5s"), Duration.of("2m"))
    assert (b.ratio, c.ratio) == (0.5, None)


def test_a_bad_value_is_refused_with_the_name_of_its_key() -> None:
    with pytest.raises(InvalidInput, match=r"start\.timeout.*not a duration"):
        Cache.KEYS["start.timeout"].stored("soon")
    assert Cache.KEYS["start.timeout"].stored('$brooklyn:config("x")').startswith("$brooklyn:")


def test_the_nearest_value_hides_those_above_also_when_it_is_null() -> None:
    assert value(tree({"k": 1}, {"k": 2}, {}), "e2", "k") == 2
    assert value(tree({"k": 1}, {"k": None}, {}), "e2", "k") is None
    assert value(tree({"k": {"a": 1}}, {"k": {"b": 2}}), "e1", "k") == {"b": 2}
    assert value(tree({}, {}), "e1", "k") == "unset"


def test_main_commands_are_not_inherited() -> None:
    assert value(tree({"launch.command": "x"}, {}), "e1", "launch.command") == "unset"
    assert value(tree({}, {"launch.command": "x"}), "e1", "launch.command") == "x"


def test_a_hook_reaches_the_first_entity_that_declares_it_and_no_further() -> None:
    live = tree({"pre.launch.command": "x"}, {}, {})
    assert value(live, "e1", "pre.launch.command") == "x"
    assert value(live, "e2", "pre.launch.command") == "unset"
    stays = tree({}, {"pre.launch.command": "x"}, {})
    assert value(stays, "e2", "pre.launch.command") == "unset"


def test_the_environment_is_merged_down_to_the_first_process() -> None:
    live = tree(
        {"shell.env": {"A": 1, "B": {"x": 1}}}, {"shell.env": {"B": {"y": 2}, "C": None}}, {}
    )
    assert value(live, "e1", "shell.env") == {"A": 1, "B": {"x": 1, "y": 2}, "C": None}
    assert value(live, "e2", "shell.env") == "unset"


def test_a_null_ends_a_merge() -> None:
    live = tree({"labels": {"a": 1}}, {"labels": None}, {"labels": {"b": 2}})
    assert value(live, "e1", "labels") is None
    assert value(live, "e2", "labels") == {"b": 2}


def test_plainly_inherited_keys_are_merged_through_all_levels() -> None:
    live = tree({"labels": {"a": 1}}, {"labels": {"b": 2}}, {"labels": {"c": 3}})
    assert value(live, "e2", "labels") == {"a": 1, "b": 2, "c": 3}
    found = live.entity("e2").find_config("labels")  # type: ignore[union-attr]
    assert found is not None
    assert [part.owner.id for part in found.parts] == ["e2", "e1", "e0"]


def test_an_old_name_of_a_key_is_read_too() -> None:
    assert value(tree({"timeout.start": "5s"}, {}), "e1", "start.timeout") == "5s"


def test_plan_ids_stay_with_their_entity() -> None:
    assert value(tree({"camp.plan.id": "x"}, {}), "e1", "camp.plan.id") == "unset"


def test_types_are_found_by_all_their_names() -> None:
    for name in (
        "org.example.Cache", "cache", "Cache", "java:org.example.Cache",
        "brooklyn.entity.basic.Cache", "catalog:cache",
    ):  # fmt: skip
        assert TYPES.find(name) is Cache
    assert TYPES.find("brooklyn.entity.basic.Nothing") is None
    with pytest.raises(InvalidInput, match="unknown type 'chache'; did you mean 'cache'"):
        TYPES.get("chache")


def test_an_entity_of_a_missing_type_is_quarantined_and_kept() -> None:
    live = tree({}, {"k": 1}, types=("org.example.App", "org.gone.Type"))
    lost = live.entity("e1")
    assert isinstance(lost, UnknownEntity)
    assert lost.type == "org.gone.Type"
    assert lost.config == {"k": 1}
    assert "org.gone.Type" in live.quarantined["e1"]

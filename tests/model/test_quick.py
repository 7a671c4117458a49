from __future__ import annotations

from brookline.model.declarations import config, sensor
from brookline.model.effectors import effector
from brookline.model.entity import Entity
from brookline.model.inheritance import Inheritance
from brookline.model.live import Live, live_of
from brookline.model.types import Types
from brookline.values.durations import Duration


class Cache(Entity):
    TYPE = "org.example.Cache"
    ALIASES = ("cache",)
    timeout = config("cache.timeout", Duration, default="2m", flags=("timeout",))
    env = config("shell.env", dict, inheritance=Inheritance.NOT_REINHERITED_ELSE_DEEP_MERGE)
    ratio = sensor("cache.ratio", float)

    @effector
    async def flush(self, op: object, soft: bool = False) -> int:
        """Drop all."""
        return 1


def test_a_type_declares_keys_sensors_and_effectors() -> None:
    types = Types([Cache])
    live = live_of(
        types,
        {
            "a": {"type": "x", "name": "app", "parent": "", "config": {"shell.env": {"A": 1}}},
            "b": {"type": "cache", "name": "c", "parent": "a", "app": "a", "config": {"shell.env": {"B": 2}}},
        },
        {"b": {"cache.ratio": 0.5}},
    )
    cache = live.entity("b")
    assert isinstance(cache, Cache)
    assert cache.timeout.ms == 120_000
    assert cache.ratio == 0.5
    assert cache.env == {"A": 1, "B": 2}
    assert Cache.EFFECTORS["flush"].arguments({"soft": "TRUE"}) == {"soft": True}
    assert live.quarantined["a"]

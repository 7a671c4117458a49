from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from brookline.blueprint.assembly import assemble
from brookline.blueprint.planner import plan_application, plan_children
from brookline.errors import BlueprintInvalid, InvalidInput
from brookline.model.declarations import config
from brookline.model.entity import Entity
from brookline.model.inheritance import Inheritance
from brookline.model.live import Live
from brookline.model.types import Types
from brookline.values.durations import Duration
from brookline.values.ports import PortRange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from brookline.blueprint.spec import EntitySpec, Plan


class BasicEntity(Entity):
    TYPE = "org.apache.brooklyn.entity.stock.BasicEntity"
    ALIASES = ("basic-entity",)


class BasicApplication(Entity):
    TYPE = "org.apache.brooklyn.entity.stock.BasicApplication"
    APPLICATION = True


class Web(Entity):
    TYPE = "org.example.Web"
    ALIASES = ("web",)
    INERT = ("templates.install", "openIptables")

    templates = config("templates.install", dict)
    launch = config("launch.command", str, inheritance=Inheritance.NEVER)
    env = config(
        "shell.env", dict, flags=("env",), inheritance=Inheritance.NOT_REINHERITED_ELSE_DEEP_MERGE
    )
    timeout = config("start.timeout", Duration, default="2m")
    port = config("http.port", PortRange, default="8080+", flags=("port",))
    numbers = config("numbers", list[int])


class Somewhere:
    """Two locations, one of them with config."""

    def resolve(self, given: Any) -> Mapping[str, Any]:
        name, more = next(iter(given.items())) if isinstance(given, dict) else (given, {})
        if name not in ("localhost", "byon"):
            raise InvalidInput(f"unknown location '{name}'")
        return {"name": name, "spec": name, "config": more}


TYPES = Types([BasicEntity, BasicApplication, Web])


@pytest.fixture
def plan() -> Callable[[str], Plan]:
    return lambda text: plan_application(text, TYPES, Somewhere())


@pytest.fixture
def added() -> Callable[[str], Plan]:
    return lambda text: plan_children(text, TYPES, Somewhere())


@pytest.fixture
def faults() -> Callable[[str], list[str]]:
    """Return how to get the faults of a text as ``line:column message``."""

    def of(text: str) -> list[str]:
        with pytest.raises(BlueprintInvalid) as caught:
            plan_application(text, TYPES, Somewhere())
        return [f"{f.line}:{f.column} {f.message}" for f in caught.value.faults]

    return of


@pytest.fixture
def live(plan: Callable[[str], Plan]) -> Callable[[str], Live]:
    """Return how to get a model of what a text asks for; ids are `e0`, `e1` … in its order."""

    def of(text: str) -> Live:
        live = Live(TYPES)
        numbers = iter(range(1, 1000))
        for put in assemble(
            plan(text).roots[0],
            root_id="e0",
            application_id="e0",
            parent_id="",
            created_ms=1,
            new_id=lambda: f"e{next(numbers)}",
            location_id=lambda location: location.spec,
        ):
            live.build(put.id, put.value, {})
        return live

    return of


def sketch(spec: EntitySpec) -> Any:
    """Return a spec as simple type name, name, and children."""
    return (spec.cls.__name__, spec.name, [sketch(child) for child in spec.children])

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from brookline.blueprint.evaluate import resolve
from brookline.blueprint.waiting import GaveUp, SensorWaiting, when_ready
from brookline.errors import InvalidInput
from brookline.testing.clock import SimClock
from brookline.testing.loop import SimLoop
from brookline.values.durations import FOREVER, Duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from brookline.model.entity import Entity
    from brookline.model.live import Live

TEXT = "services: [{type: web, name: waiter}, {type: web, id: p, name: producer}]"


class Story:
    """A waiter, a producer, and what happens to the producer at which second."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.loop = SimLoop()
        self.clock = SimClock(self.loop.true_time)
        self.blocked: list[str] = []
        self.took = 0.0

    def sensors(self, at_s: float, values: Mapping[str, Any]) -> None:
        self.loop.call_at(at_s, self.live.set_sensors, "e2", values)

    def remove(self, at_s: float, entity_id: str) -> None:
        self.loop.call_at(at_s, self.live.remove, entity_id)

    def wait(self, options: Any = None, function: str = "attributeWhenReady") -> Any:
        waiter = self.live.entity("e1")
        assert waiter is not None
        expression = {f'$brooklyn:component("p").{function}': ["x", options or {}]}
        waiting = SensorWaiting(self.clock, self._note)
        try:
            return self.loop.run(resolve(waiter, expression, waiting))
        finally:
            self.took = self.loop.true_time()
            assert not self.live.bus.heard

    def _note(self, entity: Entity | None, sensor: str) -> None:
        self.blocked.append(f"{entity.name}.{sensor}" if entity else "on")


@pytest.fixture
def story(live: Callable[[str], Live]) -> Story:
    return Story(live(TEXT))


def test_zero_false_and_empty_are_not_ready(story: Story) -> None:
    for second, value in enumerate((0, False, "", [], {}, None), start=1):
        story.sensors(second, {"x": value})
    story.sensors(10, {"x": 3})
    assert story.wait() == 3
    assert story.took == 10
    assert story.blocked == ["producer.x", "on"]


def test_any_value_is_ready_if_the_writer_says_so(story: Story) -> None:
    story.sensors(2, {"x": 0})
    assert story.wait({"waitForTruthy": False}) == 0
    assert story.took == 2


def test_a_value_that_is_there_is_not_waited_for(story: Story) -> None:
    story.live.set_sensors("e2", {"x": 1, "service.state": "ON_FIRE"})
    assert story.wait() == 1
    assert story.blocked == []


@pytest.mark.parametrize(
    ("options", "events", "ends", "why"),
    [
        ({"timeout": "5s"}, [], 5, "too late"),
        ({}, [(0, "ON_FIRE")], 15, "ON_FIRE"),
        ({}, [(3, "STARTING"), (7, "ON_FIRE")], 7, "ON_FIRE"),
        ({"timeout_if_on_fire": "10s"}, [(7, "ON_FIRE")], 17, "ON_FIRE"),
        ({}, [(4, "STOPPING"), (20, "STOPPED")], 80, "STOPPED"),
        ({"timeoutIfDown": "2s"}, [(4, "STOPPED")], 6, "STOPPED"),
        ({"abort_if_on_fire": False, "timeout": "1m"}, [(0, "ON_FIRE")], 60, "too late"),
        ({}, [(4, "STOPPED"), (30, "RUNNING"), (40, "ON_FIRE")], 40, "ON_FIRE"),
    ],
    ids=repr,
)
def test_a_wait_that_has_become_hopeless_ends(
    story: Story, options: Any, events: list[tuple[float, str]], ends: float, why: str
) -> None:
    for second, state in events:
        if second == 0:
            story.live.set_sensors("e2", {"service.state": state})
        else:
            story.sensors(second, {"service.state": state})
    with pytest.raises(GaveUp, match=f"sensor 'x' of producer.*{why}"):
        story.wait(options)
    assert story.took == ends


def test_a_producer_on_fire_is_waited_for_if_allowed(story: Story) -> None:
    story.live.set_sensors("e2", {"service.state": "ON_FIRE"})
    story.sensors(100, {"x": 1})
    assert story.wait(function="attributeWhenReadyAllowingOnFire") == 1


def test_a_producer_that_is_gone_counts_as_destroyed(story: Story) -> None:
    story.remove(5, "e2")
    with pytest.raises(GaveUp, match="DESTROYED"):
        story.wait()
    assert story.took == 65


def test_a_waiter_that_is_gone_waits_no_more(story: Story) -> None:
    story.remove(5, "e1")
    with pytest.raises(GaveUp, match="waiter went away"):
        story.wait()
    assert story.took == 5


def test_options_are_read_in_both_spellings_and_checked() -> None:
    assert when_ready().timeout == FOREVER
    assert when_ready({"timeoutIfOnFire": 500}).timeout_if_on_fire == Duration.of("500ms")
    for bad in ({"time": 1}, {"timeout": "x"}, [1]):
        with pytest.raises(InvalidInput):
            when_ready(bad)

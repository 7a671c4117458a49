"""Waits that outlive their master: their limits count on, on whichever server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.operations.conftest import Bench

from brookline.blueprint.evaluate import resolve
from brookline.blueprint.waiting import GaveUp, SensorWaiting
from brookline.operations.task import Status
from brookline.testing.clock import SimClock
from brookline.testing.loop import SimLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from brookline.model.live import Live
    from brookline.operations.operation import Operation
    from brookline.operations.task import Task

TEXT = "services: [{type: web, name: waiter}, {type: web, id: p, name: producer}]"


class Story:
    """An operation that waits for a sensor, and masters that end at which second."""

    def __init__(self, live: Live, folder: Path) -> None:
        self.live = live
        self.loop = SimLoop()
        self.clock = SimClock(self.loop.true_time)
        self.bench = Bench(folder, self.clock)
        self.options: Mapping[str, Any] = {}

    def sensors(self, at_s: float, **values: Any) -> None:
        given = {"service.state" if name == "state" else name: values[name] for name in values}
        if at_s:
            self.loop.call_at(at_s, self.live.set_sensors, "e2", given)
        else:
            self.live.set_sensors("e2", given)

    async def wait(self, op: Operation) -> Any:
        waiter = self.live.entity("e1")
        assert waiter is not None
        expression = {'$brooklyn:component("p").attributeWhenReady': ["x", dict(self.options)]}
        with op.waiting("for x"):
            return await resolve(waiter, expression, SensorWaiting(self.clock, kept=op.kept))

    def run(self, *ends_s: float, body: Any = None, away_s: float = 0.0) -> tuple[Task, float]:
        """Return the task and when it had ended, if its masters end at these times."""

        async def story() -> tuple[Task, float]:
            bench = self.bench
            await bench.begin()
            task = await bench.submit(body or self.wait)
            for at in ends_s:
                await self.clock.sleep(at - self.loop.true_time())
                bench.recorder.leads = False
                await bench.supervisor.deactivate()
                await self.clock.sleep(away_s)
                await bench.fail_over()
            task = bench.tasks.get(task.id)
            await task.wait()
            ended = self.loop.true_time()
            await bench.supervisor.deactivate()
            return task, ended

        return self.loop.run(story())


@pytest.fixture
def story(live: Callable[[str], Live], tmp_path: Path) -> Story:
    return Story(live(TEXT), tmp_path)


@pytest.mark.parametrize("ends", [(), (7,), (4, 8), (1, 2, 3, 9.5)], ids=str)
def test_a_limit_counts_on_however_many_masters_end(story: Story, ends: Any) -> None:
    story.options = {"timeout": "10s"}
    task, at = story.run(*ends)
    assert task.status is Status.FAILED
    assert "gave up waiting for sensor 'x' of producer (e2): too late" in task.error
    assert at == 10


def test_it_counts_while_nobody_leads(story: Story) -> None:
    story.options = {"timeout": "10s"}
    task, at = story.run(7, away_s=5)
    assert "too late" in task.error
    assert at == 12


@pytest.mark.parametrize(
    ("states", "options", "ends", "at"),
    [
        ({4: "STOPPED"}, {"timeout_if_down": "5s"}, 7, 9),
        ({0: "STOPPED"}, {"timeout_if_down_initial": "8s"}, 7, 8),
        ({0: "ON_FIRE"}, {}, 10, 15),
        ({3: "STARTING", 7.0001: "ON_FIRE"}, {}, 7, 8),
        ({4: "STOPPED", 7.0001: "RUNNING", 9: "STOPPED"}, {"timeout_if_down": "5s"}, 7, 14),
    ],
    ids=str,
)
def test_so_does_that_of_a_state_since_the_producer_is_in_it(
    story: Story, states: dict[float, str], options: dict[str, str], ends: float, at: float
) -> None:
    for second, state in states.items():
        story.sensors(second, state=state)
    story.options = options
    task, ended = story.run(ends, away_s=1)
    assert f"producer is {list(states.values())[-1]}" in task.error
    assert ended == at


def test_a_wait_that_was_over_begins_anew_if_it_must(story: Story) -> None:
    async def body(op: Operation) -> Any:
        first = await story.wait(op)
        await op.sleep(100)
        return first

    story.options = {"timeout": "10s"}
    for at, values in {3: {"x": 1}, 20: {}, 34: {"x": 2}, 50: {}}.items():
        story.sensors(at, **values)
    task, at = story.run(25, 60, body=body)
    assert "too late" in task.error
    assert at == 70, "it was over for the first and for the second master, and begun by the third"


def test_one_that_is_over_at_the_first_look_is_over(story: Story) -> None:
    async def body(op: Operation) -> Any:
        first = await story.wait(op)
        await op.sleep(10)
        return [first, await story.wait(op)]

    story.options = {"timeout": "10s"}
    for at, values in {7.5: {"x": 1}, 12: {}, 20: {"x": 2}}.items():
        story.sensors(at, **values)
    task, at = story.run(7, away_s=1, body=body)
    assert (task.result, at) == ([1, 2], 20), task.error


@pytest.mark.parametrize(("ends", "at"), [((), 20), ((5,), 20), ((15,), 30)], ids=str)
def test_who_tries_again_after_giving_up_has_the_whole_time(
    story: Story, ends: Any, at: float
) -> None:
    async def body(op: Operation) -> Any:
        with pytest.raises(GaveUp):
            await story.wait(op)
        return await story.wait(op)

    story.options = {"timeout": "10s"}
    task, ended = story.run(*ends, body=body)
    assert "too late" in task.error
    assert ended == at, "an end during the second one is in the midst of the first one of the next"


def test_nothing_of_it_is_left_in_the_record_when_it_has_ended(story: Story) -> None:
    kept = []

    async def body(op: Operation) -> Any:
        found = await story.wait(op)
        kept.append(story.bench.record(op.task))
        return found

    story.sensors(5, x=1)
    task, at = story.run(body=body)
    assert (task.result, at) == (1, 5)
    assert not [name for name in kept[0] if name.startswith("+")]

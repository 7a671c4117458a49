from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from brookline.entities import BasicApplication, BasicStartable
from brookline.errors import Outcome, Unavailable
from brookline.locations.kinds import Locations
from brookline.management.building import build
from brookline.management.context import Caller
from brookline.model.types import Types
from brookline.operations.streams import Streams
from brookline.operations.task import Status
from brookline.testing.recorder import MemoryRecorder
from brookline.values.clock import SystemClock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
async def test_it_acts_again_also_if_the_store_is_away_as_the_lease_is_renewed(
    tmp_path: Path,
) -> None:
    types = Types([BasicApplication, BasicStartable])
    built = build(types, Locations([]), streams=Streams(tmp_path), clock=SystemClock())
    recorder = MemoryRecorder()
    built.outlet.plug(recorder)
    await built.tenant.reset(recorder.records, 0)
    recorder.followers.append(lambda changes: built.tenant.publish(changes, None, 0))
    await built.tenant.activate(1)
    await built.tenant.deactivate()

    commit, failures = recorder.commit, [1]

    async def failing(decide: Any, **ids: str) -> Any:
        recorder.acts = not failures
        if failures:
            failures.pop()
            raise Unavailable("the store has not answered in time", Outcome.UNKNOWN)
        return await commit(decide, **ids)

    recorder.commit = failing  # type: ignore[method-assign]
    await built.tenant.activate(1)
    plan = "services: [{type: BasicStartable}]"
    task = await built.management.deploy(plan, ctx=Caller("tester"))
    assert await task.wait(5)
    assert task.status is Status.COMPLETED
    await built.tenant.deactivate()

from __future__ import annotations

import asyncio

import pytest

from brookline.errors import Outcome, Unavailable
from brookline.journal.rules import ALL_RULES
from brookline.plane.door import Door, Here, There
from brookline.plane.peers import Reply, Request
from brookline.plane.settings import PlaneSettings
from brookline.values.clock import SystemClock
from brookline.wire.heartbeats import Heartbeat

REQUEST = Request(id="r1", method="POST", path="/v1/x")


def there(instance: str, epoch: int = 1) -> There:
    heartbeat = Heartbeat(
        instance=instance,
        name=instance,
        home=instance,
        counter=1,
        state="MASTER",
        mode="AUTO",
        wall_ms=0,
    )
    return There(heartbeat, epoch)


class FrozenPeers:
    """Other nodes that take what they are sent, and answer when they are told to."""

    def __init__(self) -> None:
        self.asked: dict[str, asyncio.Future[Reply]] = {}
        self.arrived = asyncio.Event()

    async def forward(self, node: Heartbeat, epoch: int, request: Request) -> Reply:
        self.asked[node.instance] = asyncio.get_running_loop().create_future()
        self.arrived.set()
        return await self.asked[node.instance]


class Situation:
    def __init__(self) -> None:
        self.leads: Here | There | None = there("n1")
        self.peers = FrozenPeers()
        self.door = Door(
            self.peers,  # type: ignore[arg-type]
            SystemClock(),
            settings=PlaneSettings(),
            rules=ALL_RULES,
            target=lambda: self.leads,
        )

    async def ask(self) -> asyncio.Task[Reply]:
        asking = asyncio.ensure_future(self.door.submit(REQUEST))
        await self.peers.arrived.wait()
        return asking


@pytest.fixture
async def situation():
    return Situation()


@pytest.mark.slow
@pytest.mark.parametrize("successor", [Here(2), there("n2", 2)], ids=["this-node", "another"])
async def test_a_frozen_master_is_waited_for_until_it_is_replaced_and_then_unknown(
    situation, successor
):
    asking = await situation.ask()
    situation.leads = None
    situation.door.wake()
    situation.leads = successor
    situation.door.wake()

    with pytest.raises(Unavailable) as refused:
        await asking

    assert refused.value.outcome is Outcome.UNKNOWN
    assert list(situation.peers.asked) == ["n1"]  # it was sent once, and never again


async def test_the_answer_of_a_master_that_was_just_replaced_still_counts(situation):
    asking = await situation.ask()
    situation.leads = there("n2", 2)
    situation.door.wake()

    situation.peers.asked["n1"].set_result(Reply(status=204))

    assert (await asking).status == 204


async def test_a_door_that_is_closed_holds_nothing(situation):
    situation.leads = None
    asking = asyncio.ensure_future(situation.door.submit(REQUEST))
    await asyncio.sleep(0)

    situation.door.close()

    with pytest.raises(Unavailable) as refused:
        await asking
    assert refused.value.outcome is Outcome.NOT_DONE
    with pytest.raises(Unavailable):
        await situation.door.submit(REQUEST)

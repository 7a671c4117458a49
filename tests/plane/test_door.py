from __future__ import annotations

import asyncio

import pytest
from msgspec import structs

from brookline.errors import Fenced, NotMaster, Outcome, Unavailable
from brookline.journal.replica import Replica
from brookline.journal.rules import ALL_RULES
from brookline.plane.door import Door, Here, There
from brookline.plane.memory import Memory
from brookline.plane.peers import Lost, Misdirected, NotSent, Reply, Request
from brookline.plane.settings import PlaneSettings
from brookline.values.clock import SystemClock
from brookline.wire.heartbeats import Heartbeat

REQUEST = Request(id="r1", method="POST", path="/v1/x", repeatable=True)
DONE = Reply(status=204)
SOON = PlaneSettings(write_wait_s=0.05)


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
        assert node.instance not in self.asked, "it was sent there before"
        self.asked[node.instance] = asyncio.get_running_loop().create_future()
        self.arrived.set()
        return await self.asked[node.instance]


class Situation:
    def __init__(self, settings: PlaneSettings) -> None:
        self.leads: Here | There | None = there("n1")
        self.peers = FrozenPeers()
        self.done: list[str] = []
        self.wanted = True
        self.trouble = ""
        clock = SystemClock()
        self.door = Door(
            self.peers,  # type: ignore[arg-type]
            clock,
            settings=settings,
            rules=ALL_RULES,
            memory=Memory(Replica("p"), ALL_RULES),
            target=lambda: self.leads,
            led=lambda: self.leads.epoch if isinstance(self.leads, Here) else 0,
            trouble=lambda: self.trouble,
        )
        self.door.execute = self.execute

    async def execute(self, request: Request) -> Reply:
        self.done.append(request.id)
        return DONE

    async def ask(self, request: Request = REQUEST) -> asyncio.Task[Reply]:
        asking = asyncio.ensure_future(self.door.submit(request, lambda: self.wanted))
        await self.peers.arrived.wait()
        self.peers.arrived.clear()
        return asking

    def now_leads(self, who: Here | There | None) -> None:
        self.leads = who
        self.door.wake()

    def loses(self, instance: str) -> None:
        """Let the connection break on which a node was asked."""
        self.peers.asked[instance].set_exception(Lost())


@pytest.fixture
async def situation():
    return Situation(PlaneSettings())


@pytest.fixture
async def hasty():
    """A door that holds nothing for long."""
    return Situation(SOON)


async def outcome(asking: asyncio.Task[Reply]) -> Outcome:
    with pytest.raises(Unavailable) as refused:
        await asking
    return refused.value.outcome


async def test_what_a_dead_master_had_begun_is_held_and_sent_to_the_next(situation):
    asking = await situation.ask()
    situation.loses("n1")
    await asyncio.sleep(0)
    assert not asking.done()

    situation.now_leads(there("n2", 2))
    await situation.peers.arrived.wait()
    situation.peers.asked["n2"].set_result(DONE)

    assert await asking is DONE


async def test_what_a_dead_master_had_begun_is_done_here_by_its_successor(situation):
    asking = await situation.ask()
    situation.loses("n1")
    situation.now_leads(Here(2))

    assert await asking is DONE
    assert situation.done == ["r1"]


@pytest.mark.slow
@pytest.mark.parametrize("successor", [Here(2), there("n2", 2)], ids=["this-node", "another"])
async def test_a_frozen_master_is_waited_for_until_it_is_replaced_and_then_the_next_is_asked(
    situation, successor
):
    asking = await situation.ask()
    situation.now_leads(None)
    situation.now_leads(successor)
    if isinstance(successor, There):
        await situation.peers.arrived.wait()
        situation.peers.asked["n2"].set_result(DONE)

    assert await asking is DONE


async def test_the_answer_of_a_master_that_was_just_replaced_still_counts(situation):
    asking = await situation.ask()
    situation.now_leads(there("n2", 2))

    situation.peers.asked["n1"].set_result(DONE)

    assert await asking is DONE
    assert list(situation.peers.asked) == ["n1"]


async def test_it_is_never_sent_to_a_third_master(situation):
    asking = await situation.ask()
    situation.loses("n1")
    situation.now_leads(there("n2", 2))
    await situation.peers.arrived.wait()
    situation.loses("n2")
    situation.now_leads(there("n3", 3))

    assert await outcome(asking) is Outcome.UNKNOWN
    assert list(situation.peers.asked) == ["n1", "n2"]


async def test_the_same_mastership_is_not_asked_twice(hasty):
    asking = await hasty.ask()
    hasty.loses("n1")

    assert await outcome(asking) is Outcome.UNKNOWN
    assert list(hasty.peers.asked) == ["n1"]


async def test_what_may_have_been_done_is_unknown_when_no_later_master_comes(hasty):
    asking = await hasty.ask()
    hasty.loses("n1")
    hasty.now_leads(None)

    assert await outcome(asking) is Outcome.UNKNOWN


async def test_what_may_have_been_done_is_unknown_when_the_later_master_has_not_done_it(hasty):
    async def refuses(request: Request) -> Reply:
        raise NotMaster

    asking = await hasty.ask()
    hasty.door.execute = refuses
    hasty.loses("n1")
    hasty.now_leads(Here(2))

    assert await outcome(asking) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "again", [NotSent(), Misdirected()], ids=["it-was-not-reached", "it-led-no-more"]
)
async def test_a_later_master_that_did_nothing_with_it_does_not_count(situation, again):
    asking = await situation.ask()
    situation.loses("n1")
    situation.now_leads(there("n2", 2))
    await situation.peers.arrived.wait()
    situation.peers.asked["n2"].set_exception(again)
    situation.now_leads(Here(3))

    assert await asking is DONE


async def test_nothing_is_sent_again_that_leaves_no_record(situation):
    asking = await situation.ask(structs.replace(REQUEST, repeatable=False))
    situation.loses("n1")
    situation.now_leads(Here(2))

    assert await outcome(asking) is Outcome.UNKNOWN
    assert situation.done == []


async def test_nothing_is_sent_again_whose_client_has_hung_up(situation):
    asking = await situation.ask()
    situation.wanted = False
    situation.loses("n1")
    situation.now_leads(Here(2))

    assert await outcome(asking) is Outcome.UNKNOWN
    assert situation.done == []


async def test_nothing_is_sent_again_by_a_node_that_stood_still(situation):
    asking = await situation.ask()
    situation.door.stand_still()
    situation.loses("n1")
    situation.now_leads(Here(2))

    assert await outcome(asking) is Outcome.UNKNOWN
    assert situation.done == []


async def fenced(situation: Situation, error: Unavailable) -> asyncio.Task[Reply]:
    """Let this node be replaced while it carries out a request."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def execute(request: Request) -> Reply:
        begun.set()
        await ended.wait()
        raise error

    situation.leads = Here(1)
    situation.door.execute = execute
    asking = asyncio.ensure_future(situation.door.submit(REQUEST))
    await begun.wait()
    situation.now_leads(None)
    ended.set()
    return asking


@pytest.mark.parametrize(
    "error",
    [Fenced("a later epoch", 1), Unavailable("it waited for a task", Outcome.UNKNOWN)],
    ids=["in-flight", "waiting"],
)
async def test_what_this_node_had_begun_when_it_was_replaced_is_sent_to_its_successor(
    situation, error
):
    asking = await fenced(situation, error)
    situation.now_leads(there("n2", 2))
    await situation.peers.arrived.wait()
    situation.peers.asked["n2"].set_result(DONE)

    assert await asking is DONE


async def test_what_the_store_does_not_answer_is_unknown_at_once_while_this_node_leads(situation):
    async def waits_in_vain(request: Request) -> Reply:
        raise Unavailable("the store has not answered", Outcome.UNKNOWN)

    situation.leads = Here(1)
    situation.door.execute = waits_in_vain

    assert await outcome(asyncio.ensure_future(situation.door.submit(REQUEST))) is Outcome.UNKNOWN


async def test_another_door_learns_that_what_was_begun_here_is_known_to_the_next(situation):
    async def execute(request: Request) -> Reply:
        situation.leads = None
        raise Fenced("a later epoch", 1)

    situation.leads = Here(1)
    situation.door.execute = execute

    with pytest.raises(Lost):
        await situation.door.accept(REQUEST, 1)


async def test_who_waits_for_a_task_is_let_go_when_the_mastership_ends(situation):
    situation.leads = Here(1)
    waits, ended = asyncio.Event(), []

    async def wait() -> None:
        try:
            async with situation.door.while_leading():
                waits.set()
                await asyncio.Event().wait()
        except Unavailable as refused:
            ended.append(refused.outcome)

    waiting = asyncio.ensure_future(wait())
    await waits.wait()
    situation.door.wake()  # of no concern
    await asyncio.sleep(0)
    assert ended == []

    situation.now_leads(Here(2))
    await waiting

    assert ended == [Outcome.UNKNOWN]


async def test_nobody_waits_here_whose_mastership_has_ended_already(situation):
    with pytest.raises(Unavailable):
        async with situation.door.while_leading():
            situation.done.append("waited")

    assert situation.done == []


async def test_a_time_out_of_ones_own_is_no_end_of_the_mastership(situation):
    situation.leads = Here(1)

    with pytest.raises(TimeoutError):
        async with situation.door.while_leading():
            raise TimeoutError


async def test_a_door_that_is_closed_holds_nothing(situation):
    situation.leads = None
    asking = asyncio.ensure_future(situation.door.submit(REQUEST))
    await asyncio.sleep(0)

    situation.door.close()

    assert await outcome(asking) is Outcome.NOT_DONE
    with pytest.raises(Unavailable):
        await situation.door.submit(REQUEST)


def several(count, body=b""):
    return [structs.replace(REQUEST, id=f"r{number}", body=body) for number in range(count)]


@pytest.mark.parametrize(
    ("settings", "body", "held"),
    [
        (PlaneSettings(hold_max=3), b"", 3),
        (PlaneSettings(hold_max=3), b"x" * 1000, 3),
        (PlaneSettings(hold_max_bytes=3000), b"x" * 1000, 3),
        (PlaneSettings(hold_max_bytes=2999), b"x" * 1000, 2),
    ],
    ids=["number", "number-of-large-ones", "bytes", "one-byte-less"],
)
async def test_a_write_more_than_is_held_is_refused_at_once_and_those_held_are_done(
    settings, body, held
):
    situation = Situation(settings)
    situation.leads = None
    asking = []
    for request in several(held, body):
        asking.append(asyncio.ensure_future(situation.door.submit(request)))
        await asyncio.sleep(0)
    beyond = structs.replace(REQUEST, id="beyond", body=body)

    with pytest.raises(Unavailable, match="too many writes are held already") as refused:
        await situation.door.submit(beyond)

    assert refused.value.outcome is Outcome.NOT_DONE
    assert not any(one.done() for one in asking)
    situation.now_leads(Here(1))
    assert await asyncio.gather(*asking) == [DONE] * held
    assert sorted(situation.done) == [f"r{number}" for number in range(held)]


async def test_one_that_is_larger_than_all_that_is_held_is_refused_and_a_smaller_one_held():
    situation = Situation(PlaneSettings(hold_max_bytes=2000))
    situation.leads = None
    large, small = several(2, b"x" * 2000)

    with pytest.raises(Unavailable, match="too many"):
        await situation.door.submit(structs.replace(large, body=b"x" * 2001))
    asking = asyncio.ensure_future(situation.door.submit(small))
    await asyncio.sleep(0)

    situation.now_leads(Here(1))
    assert await asking is DONE


@pytest.mark.parametrize("ends", ["done", "given-up", "late"])
async def test_what_is_held_no_more_makes_room_for_others(ends):
    wait_s = 0.05 if ends == "late" else 10.0
    situation = Situation(PlaneSettings(hold_max=1, hold_max_bytes=10, write_wait_s=wait_s))
    situation.leads = None
    first, second = several(2, b"x" * 10)
    asking = asyncio.ensure_future(situation.door.submit(first))
    await asyncio.sleep(0)
    match ends:
        case "done":
            situation.now_leads(Here(1))
            assert await asking is DONE
            situation.now_leads(None)
        case "given-up":
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        case "late":
            assert await outcome(asking) is Outcome.NOT_DONE

    asking = asyncio.ensure_future(situation.door.submit(second))
    await asyncio.sleep(0)
    situation.now_leads(Here(2))

    assert await asking is DONE


@pytest.mark.parametrize("trouble", ["", "No space left on device"])
async def test_who_is_refused_while_nobody_leads_is_told_what_hinders_this_node(hasty, trouble):
    hasty.leads, hasty.trouble = None, trouble

    with pytest.raises(Unavailable) as refused:
        await hasty.door.submit(REQUEST, lambda: True)

    said = refused.value.message
    assert said.startswith("no master within the time that writes are held")
    assert said.endswith(trouble or "held")

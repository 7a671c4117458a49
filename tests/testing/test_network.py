from __future__ import annotations

import asyncio
import random

import pytest

from brookline.testing.connection import Broken, Refused
from brookline.testing.loop import SimLoop
from brookline.testing.network import Network, NetworkOdds


class World:
    """Two hosts: b serves echoes at "b:1" and remembers what it read and heard."""

    def __init__(self):
        self.loop = SimLoop()
        self.network = Network(self.loop, random.Random(1))
        self.a, self.b = self.loop.host("a"), self.loop.host("b")
        self.read, self.heard = [], []
        self.listener = None
        self.start(self.b)

    def start(self, host):
        def listen():
            self.listener = self.network.listen("b:1", self.serve, self.heard.append)

        host.call(listen)

    async def serve(self, end):
        while True:
            message = await end.receive()
            self.read.append(message)
            end.send(f"echo {message}")

    async def ask(self, message):
        end = await self.network.connect("b:1")
        end.send(message)
        return await end.receive()

    def run(self, story):
        result = self.loop.run(story)
        assert not self.loop.accidents
        return result


@pytest.fixture
def world():
    return World()


def test_a_request_is_answered(world):
    async def story():
        await asyncio.sleep(0)
        return await world.a.spawn(world.ask("hello"))

    assert world.run(story()) == "echo hello"


def test_messages_arrive_in_order_whatever_their_delays(world):
    world.network.odds = NetworkOdds(latency_s=1.0, slow=0.3, slow_s=20)

    async def client():
        end = await world.network.connect("b:1")
        for i in range(50):
            end.send(i)
        return [await end.receive() for _ in range(50)]

    async def story():
        await asyncio.sleep(0)
        return await world.a.spawn(client())

    assert world.run(story()) == [f"echo {i}" for i in range(50)]


def test_a_dead_process_breaks_connections_and_refuses_new_ones(world):
    async def story():
        await asyncio.sleep(0)
        end = await world.network.connect("b:1")
        world.b.kill()
        with pytest.raises(Broken):
            await end.receive()
        with pytest.raises(Refused):
            await world.network.connect("b:1")
        world.start(world.loop.host("b"))
        await asyncio.sleep(0)
        return await world.ask("again")

    assert world.run(story()) == "echo again"


def test_a_dead_machine_says_nothing(world):
    async def story():
        await asyncio.sleep(0)
        end = await world.network.connect("b:1")
        world.b.kill(silent=True)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(end.receive(), 600)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(world.network.connect("b:1"), 600)

    world.run(story())


def test_a_stopped_process_is_connected_to_and_answers_when_it_goes_on(world):
    async def story():
        await asyncio.sleep(0)
        world.b.stop()
        asking = world.a.spawn(world.ask("late"))
        await asyncio.sleep(300)
        assert not world.read
        world.b.resume()
        return await asking

    assert world.run(story()) == "echo late"


def test_a_frozen_machine_is_not_even_connected_to(world):
    async def story():
        await asyncio.sleep(0)
        world.b.freeze()
        asking = world.a.spawn(world.network.connect("b:1"))
        await asyncio.sleep(60)
        assert not asking.done()
        world.b.resume()
        await asking

    world.run(story())


def test_a_server_can_close_all_before_it_reads(world):
    async def story():
        await asyncio.sleep(0)
        old = await world.network.connect("b:1")
        await asyncio.sleep(1)
        world.b.stop()
        old.send("on an old connection")
        asking = world.a.spawn(world.ask("in the backlog"))
        await asyncio.sleep(60)
        world.listener.before_read = world.listener.close_all
        world.b.resume()
        with pytest.raises(Broken):
            await old.receive()
        with pytest.raises(Broken):
            await asking

    world.run(story())
    assert not world.read


@pytest.mark.parametrize("there", [True, False], ids=["way there", "way back"])
def test_a_cut_holds_what_is_sent_in_one_direction(world, there):
    way = (world.a, world.b) if there else (world.b, world.a)

    async def client():
        end = await world.network.connect("b:1")
        world.network.cut(*way)
        end.send("hello")
        return await end.receive()

    async def story():
        await asyncio.sleep(0)
        asking = world.a.spawn(client())
        await asyncio.sleep(120)
        assert world.read == ([] if there else ["hello"])
        assert not asking.done()
        world.network.mend()
        return await asking

    assert world.run(story()) == "echo hello"


def test_a_connection_that_breaks_may_or_may_not_have_carried_the_message(world):
    world.network.odds = NetworkOdds(reset=0.5)

    async def story():
        await asyncio.sleep(0)
        answers = []
        for i in range(200):
            try:
                answers.append(await world.ask(i))
            except Broken:
                answers.append(None)
        return answers

    answers = world.run(story())
    unanswered = [i for i, answer in enumerate(answers) if answer is None]
    assert 60 < len(unanswered) < 190
    assert 0 < len(set(unanswered) & set(world.read)) < len(unanswered)


def test_a_refusal_may_be_a_lie(world):
    world.network.lies.add(("a", "b"))

    async def story():
        await asyncio.sleep(0)
        with pytest.raises(Refused):
            await world.a.spawn(world.network.connect("b:1"))
        world.network.mend()
        return await world.a.spawn(world.ask("hello"))

    assert world.run(story()) == "echo hello"


def test_hints_are_lost_doubled_and_forged(world):
    world.network.odds = NetworkOdds(hint_lost=0.3, hint_again=0.3, hint_late_s=5)

    async def story():
        await asyncio.sleep(0)
        for i in range(100):
            world.network.hint("b:1", i)
        world.network.hint("nobody:1", "lost")
        world.network.forge("b:1", "forged")
        await asyncio.sleep(10)

    world.run(story())
    counts = [world.heard.count(i) for i in range(100)]
    assert {0, 1, 2} == set(counts)
    assert world.heard.count("forged") == 1


def test_hints_reach_a_stopped_host_when_it_goes_on(world):
    async def story():
        await asyncio.sleep(0)
        world.b.stop()
        world.network.hint("b:1", "look")
        await asyncio.sleep(60)
        assert not world.heard
        world.b.resume()
        await asyncio.sleep(0)

    world.run(story())
    assert world.heard == ["look"]

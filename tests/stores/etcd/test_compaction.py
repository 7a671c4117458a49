"""What is said of a compaction that etcd does not do."""

from __future__ import annotations

import logging

import pytest

from brookline.stores.etcd.compaction import MISSED, PERIOD_S, Compaction
from brookline.stores.etcd.gateway import Refused

DENIED = Refused(7, "etcdserver: permission denied")
DONE = Refused(11, "etcdserver: mvcc: required revision has been compacted")


class Etcd:
    """Answers compactions as a test says.

    Attributes:
        answer: What is raised; nothing if it is None.
        asked: Revisions.
    """

    def __init__(self):
        self.answer = None
        self.asked = []

    async def ask(self, path, body, *, allowed_s):
        assert path == "/v3/kv/compaction"
        self.asked.append(int(body["revision"]))
        if self.answer is not None:
            raise self.answer


class Hours:
    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now


class House:
    """A compaction, its etcd, and what it logged."""

    def __init__(self, caplog):
        self.etcd, self.clock, self._caplog = Etcd(), Hours(), caplog
        self._compaction = Compaction(self.etcd, self.clock)
        self._revision = 0

    async def periods(self, count, answer=None):
        self.etcd.answer = answer
        for _ in range(count):
            self._revision += 1
            await self._compaction.consider(self._revision)
            self.clock.now += PERIOD_S

    def told(self):
        return [
            (each.levelname, each.message)
            for each in self._caplog.records
            if each.levelno >= logging.INFO
        ]


@pytest.fixture
async def house(caplog):
    caplog.set_level(logging.DEBUG, "brookline.stores")
    house = House(caplog)
    await house.periods(2)
    assert house.etcd.asked == [1]
    return house


@pytest.mark.parametrize("problem", [DENIED, TimeoutError(), ConnectionRefusedError()])
async def test_one_that_goes_on_failing_is_warned_of_once_and_again_when_it_works(
    house, problem, caplog
):
    await house.periods(10, problem)
    assert [level for level, _ in house.told()] == ["WARNING"]
    assert "will be full one day" in house.told()[0][1]
    warned = next(each for each in caplog.records if each.levelno == logging.WARNING)
    assert warned.fields["why"]

    await house.periods(3)
    assert [level for level, _ in house.told()] == ["WARNING", "INFO"]
    await house.periods(MISSED, problem)
    assert [level for level, _ in house.told()] == ["WARNING", "INFO", "WARNING"]


async def test_one_failure_is_a_hiccup(house):
    for _ in range(3):
        await house.periods(MISSED - 1, DENIED)
        await house.periods(1)
    assert house.told() == []


async def test_what_another_node_had_it_forget_is_forgotten(house):
    await house.periods(10, DONE)
    assert house.told() == []
    await house.periods(MISSED - 1, DENIED)
    await house.periods(1, DONE)
    await house.periods(MISSED - 1, DENIED)
    assert house.told() == []


@pytest.mark.xdist_group("etcd")
async def test_etcd_says_so_of_what_it_forgot_before(etcd, open_store):
    store = await open_store(etcd.place())
    await store.put("node/a", b"1")
    header = (await store._gateway.ask("/v3/kv/range", {"key": "YQ=="}))["header"]
    await store._gateway.ask("/v3/kv/compaction", {"revision": header["revision"]})
    with pytest.raises(Refused, match=str(DONE)):
        await store._gateway.ask("/v3/kv/compaction", {"revision": header["revision"]})

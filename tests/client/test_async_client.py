"""The asynchronous client over real HTTP."""

from __future__ import annotations

import asyncio

import pytest

from brookline.client import calls
from brookline.client.async_client import AsyncClient
from brookline.client.course import Patience
from brookline.errors import NotFound, Outcome, Unavailable
from brookline.testing.http_plane import HttpPlane, Reply, hang_up, unavailable


@pytest.fixture
def plane():
    with HttpPlane("n1", "n2") as plane:
        plane.answers["GET /v1/applications"] = []
        plane.answers["POST /v1/applications"] = Reply(201, {"id": "t1", "entityId": "app1"})
        yield plane


@pytest.fixture
async def client(plane):
    patience = Patience(budget_s=0.3)
    async with AsyncClient(plane.urls, user="admin", password="pw", patience=patience) as client:
        yield client


async def test_it_finds_the_master_and_logs_in(plane, client):
    plane.lead("n2")
    assert (await client.do(calls.deploy("services: []")))["entityId"] == "app1"
    [write] = plane["n2"].writes()
    assert write.headers["authorization"] == "Basic YWRtaW46cHc="
    assert client.nodes.master == plane["n2"].url


async def test_a_write_without_an_answer_is_sent_again_under_its_id(plane, client):
    plane["n1"].misbehave(hang_up)
    assert (await client.do(calls.deploy("a")))["entityId"] == "app1"
    [first], [second] = plane["n1"].writes(), plane["n2"].writes()
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


async def test_many_requests_go_at_the_same_time(plane, client):
    met = asyncio.get_running_loop().create_future()
    loop, waiting = asyncio.get_running_loop(), []

    def meet(node, seen):
        waiting.append(seen)
        if len(waiting) == 5:
            loop.call_soon_threadsafe(met.set_result, None)
        asyncio.run_coroutine_threadsafe(wait(), loop).result()
        return Reply(201, {})

    async def wait():
        await met

    plane.answers["POST /v1/applications"] = meet
    await asyncio.gather(*(client.do(calls.deploy(str(number))) for number in range(5)))

    assert sorted(seen.body for seen in waiting) == [b"0", b"1", b"2", b"3", b"4"]


async def test_a_refusal_is_raised_as_the_error_that_it_means(plane, client):
    with pytest.raises(NotFound):
        await client.do(calls.application("nosuch"))


async def test_what_is_in_vain_is_told_with_what_is_known(plane, client):
    for name in ("n1", "n2"):
        plane[name].misbehave(*[unavailable("not-done")] * 100)
    with pytest.raises(Unavailable, match="nobody leads") as caught:
        await client.do(calls.deploy("a"))
    assert caught.value.outcome is Outcome.NOT_DONE

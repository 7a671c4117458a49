"""A bucket that keeps versions: what is deleted gets a mark, and counts as absent all the same."""

from __future__ import annotations

import pytest
from tests.backends.fixtures import seaweedfs

from brookline.stores.probe import probe
from brookline.stores.registry import open_store
from brookline.stores.store import CREATED, EXISTS
from brookline.values.clock import SystemClock

__all__ = ["seaweedfs"]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("seaweedfs")]

ENTRY = "journal/0000000/0000000001"


@pytest.fixture
async def connect(seaweedfs):
    seaweedfs.keep_versions("kept")
    opened = []

    async def open_one():
        url = seaweedfs.url("plane", bucket="kept")
        opened.append(await open_store(url, SystemClock()))
        return opened[-1]

    yield open_one
    for store in opened:
        await store.close()


async def test_such_a_bucket_can_carry_a_plane(connect):
    store, other = await connect(), await connect()
    report = await probe(store, other, clock=SystemClock())
    assert report.fit, report
    for data in (b"one", b"two"):
        assert await store.create(ENTRY, data) == CREATED
        assert await other.create(ENTRY, b"late") == EXISTS
        assert await other.get(ENTRY) == data
        assert await other.list("journal/") == [ENTRY]
        await store.delete(ENTRY)
        assert await other.get(ENTRY) is None
        left = await other.list(
            ""
        )  # a race of the probe may end late; who probes next sweeps it up
        assert [key for key in left if not key.startswith("probe/")] == []

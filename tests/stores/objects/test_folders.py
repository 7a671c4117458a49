"""Folders in buckets, which are no keys: what a server or a console leaves of them."""

from __future__ import annotations

import pytest
from tests.backends.fixtures import seaweedfs

from brookline.errors import StoreUnfit
from brookline.stores.objects.store import ObjectStore

__all__ = ["seaweedfs"]

ENTRY = "journal/0000000/0000000001"


async def opened(url):
    store = await ObjectStore.open(url)
    await store.close()


@pytest.mark.slow
@pytest.mark.xdist_group("seaweedfs")
async def test_a_folder_that_is_left_of_what_was_deleted_holds_nothing(seaweedfs):
    seaweedfs.make_bucket("folders")
    plane = await ObjectStore.open(seaweedfs.url("p1/deep", bucket="folders"))
    await plane.create(ENTRY, b"one")
    with pytest.raises(StoreUnfit, match=r"holds something else \(p1\)"):
        await opened(seaweedfs.url("", bucket="folders"))

    await plane.delete(ENTRY)
    await opened(seaweedfs.url("", bucket="folders"))
    await opened(seaweedfs.url("p1", bucket="folders"))

    other = await ObjectStore.open(seaweedfs.url("p2", bucket="folders"))
    await other.create(ENTRY, b"one")
    with pytest.raises(StoreUnfit, match=r"holds something else \(p2\)"):
        await opened(seaweedfs.url("", bucket="folders"))
    await plane.close()
    await other.close()


@pytest.mark.parametrize("keys", [{"plane/": 0}, {"plane/old/": 0}, {"plane/": 0, "plane/old/": 0}])
async def test_a_folder_that_was_made_in_a_console_holds_nothing(scripted, keys):
    scripted.keys = keys  # the URL's prefix is "plane", too
    await opened(scripted.url("s3"))


@pytest.mark.parametrize(
    "keys",
    [{"plane/old/": 1}, {"plane/old/a": 0}, {"plane/old/": 0, "plane/old/a/b": 1}, {"plane/a": 0}],
)
async def test_a_folder_with_anything_in_it_is_somebodys(scripted, keys):
    scripted.keys = keys
    with pytest.raises(StoreUnfit, match="holds something else"):
        await opened(scripted.url("s3"))


async def test_what_else_there_is_is_named_and_counted(scripted):
    scripted.keys = {f"plane/x{number}/a": 1 for number in range(500)}
    with pytest.raises(StoreUnfit, match=r"holds something else \(x0, x1, x10 and 497 more\)"):
        await opened(scripted.url("s3"))

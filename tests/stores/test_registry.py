from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from brookline.errors import StoreUnfit
from brookline.stores.directory import DirectoryStore
from brookline.stores.memory import MemoryStore
from brookline.stores.registry import GROUP, open_store, path_of
from brookline.values.clock import SystemClock

CLOCK = SystemClock()


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("./shared", "shared"),
        ("/mnt/shared", "/mnt/shared"),
        ("./odd:name", "odd:name"),
        ("file:///mnt/two%20words", "/mnt/two words"),
        ("file://localhost/mnt", "/mnt"),
        ("FILE:/mnt", "/mnt"),
        ("file:shared", "shared"),
        ("directory:/mnt/100%25", "/mnt/100%25"),
        ("directory:shared", "shared"),
        ("~/shared", str(Path.home() / "shared")),
    ],
)
def test_a_directory_can_be_named_in_several_ways(url, path):
    assert path_of(url) == Path.cwd() / path


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("", "names no directory"),
        ("file:", "names no directory"),
        ("file://", "names no directory"),
        ("file://filer/export", "names the host 'filer'"),
        ("~nobody-of-that-name/x", "unknown user"),
    ],
)
def test_what_names_no_directory_here_is_refused(url, text):
    with pytest.raises(StoreUnfit, match=text):
        path_of(url)


@pytest.mark.parametrize("form", ["{}", "file:{}", "file://{}", "directory:{}"])
async def test_paths_and_urls_open_a_directory(tmp_path, form):
    store = await open_store(form.format(tmp_path), CLOCK)
    assert isinstance(store, DirectoryStore)
    await store.put("node/a", b"beat")
    assert (tmp_path / "node" / "a").read_bytes() == b"beat"
    await store.close()


async def test_memory_of_one_name_is_shared_as_long_as_somebody_has_it_open():
    one, two, other = [await open_store(url, CLOCK) for url in ("memory:a", "memory:a", "memory:b")]
    assert isinstance(one, MemoryStore)
    await one.put("node/a", b"beat")
    assert await two.get("node/a") == b"beat"
    assert await other.get("node/a") is None
    del one, two
    again = await open_store("memory:a", CLOCK)
    assert await again.get("node/a") is None


@pytest.mark.parametrize("scheme", ["ftp", "jclouds"])
async def test_a_kind_of_store_that_there_is_not_is_refused_with_those_there_are(scheme):
    with pytest.raises(StoreUnfit, match=rf"'{scheme}:'.*a path.*s3:.*postgresql:.*memory:"):
        await open_store(f"{scheme}://bucket/prefix", CLOCK)


async def test_packages_bring_stores_by_entry_point(tmp_path, monkeypatch):
    package = tmp_path / "notebook-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: notebook\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(f"[{GROUP}]\nnotebook = notebook_store:open_one\n")
    (tmp_path / "notebook_store.py").write_text(
        "async def open_one(url, clock):\n    return ('opened', url, clock)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    assert await open_store("notebook:x", CLOCK) == ("opened", "notebook:x", CLOCK)
    with pytest.raises(StoreUnfit, match="memory:, notebook:"):
        await open_store("notes://bucket", CLOCK)


def test_nobody_pays_for_a_store_that_is_not_used():
    program = (
        "import sys, brookline.stores.registry, brookline.stores.directory, brookline.server.start;"
        " print(*sorted({'asyncpg', 'obstore', 'aiohttp'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""

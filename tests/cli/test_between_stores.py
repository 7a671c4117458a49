"""Logs, backups and moves of planes on every kind of store, on real servers."""

from __future__ import annotations

import json

import pytest
from tests.backends.fixtures import azurite, etcd, postgresql, seaweedfs
from tests.backends.seaweedfs import KEY, SECRET
from tests.journal.folders import FolderLog
from tests.journal.house import put

from brookline.cli.main import run
from brookline.journal.keys import MOVING

__all__ = ["azurite", "etcd", "postgresql", "seaweedfs"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

SERVERS = ("postgresql", "etcd", "seaweedfs", "azurite")
SECRETS = ("s3same-open", "secret_access_key=b", "account_key=b")


@pytest.fixture(params=[pytest.param(one, marks=pytest.mark.xdist_group(one)) for one in SERVERS])
def server(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def brookline(outside, capsys):
    def command(*arguments):
        status = run([*map(str, arguments)])
        captured = capsys.readouterr()
        assert status == 0, captured.err
        return captured.out + captured.err

    return command


@pytest.fixture
def log(tmp_path):
    log = FolderLog(tmp_path / "old")
    log.lead()
    log.put(put("a", n=1), user="admin")
    log.snapshot()
    log.put_in_blob(put("large", text="x" * 10_000))
    log.put(put("b", n=2))
    return log


def files(folder):
    """Return what is in a folder, but for the mark of a move's target."""
    found = [path for path in folder.rglob("*") if path.is_file() and path.name != MOVING]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_a_plane_moves_there_and_back_byte_by_byte(server, brookline, log, tmp_path):
    url, before = server.place(), files(log.folder)
    told = brookline("store", "copy", log.folder, url, "--yes")
    assert "all is as it was written" in brookline("journal", "verify", "--persistence-dir", url)
    told += brookline("store", "copy", url, tmp_path / "back", "--yes")
    assert files(tmp_path / "back") == before
    last = brookline("journal", "show", "--persistence-dir", url, "-o", "json", "-n", "1")
    assert json.loads(last)["text"].endswith(f"the plane goes on in {tmp_path / 'back'}")
    assert not [secret for secret in SECRETS if secret in told + last]


def test_a_point_is_restored_there_from_a_backup_of_there(
    server, brookline, log, tmp_path, monkeypatch
):
    first, second = server.place(), server.place()
    brookline("store", "copy", log.folder, first, "--yes")
    file = tmp_path / "b.zip"
    brookline("backup", "create", "--persistence-dir", first, "--to", file)
    monkeypatch.setenv("BROOKLINE_PERSISTENCE_DIR", first)  # no backup keeps what is secret in it
    told = brookline("backup", "restore", file, second, "--seq", "5")
    assert "seen" not in told
    shown = brookline("journal", "show", "--persistence-dir", second)
    assert "as of entry 5, restored from" in shown
    assert "all is as it was written" in brookline("journal", "verify", "--persistence-dir", second)
    manifest = json.loads(brookline("backup", "list", tmp_path, "-o", "json"))[0]
    assert not [secret for secret in SECRETS if secret in json.dumps(manifest) + shown]


@pytest.mark.xdist_group("seaweedfs")
def test_amps_copy_state_finds_buckets_by_the_locations_of_a_properties_file(
    seaweedfs, brookline, log, tmp_path
):
    place = seaweedfs.place().partition("?")[0].removeprefix("s3://")
    file, named = tmp_path / "my.properties", "brooklyn.location.named.weed"
    file.write_text(
        f"{named} = jclouds:s3\n{named}.endpoint = {seaweedfs.endpoint}\n"
        f"{named}.identity = {KEY}\n{named}.credential = {SECRET}\n"
    )
    read = ("--localBrooklynProperties", file)
    there = ("--destinationLocation", "named:weed", "--destinationDir", place)
    told = brookline("copy-state", *read, "--persistenceDir", log.folder, *there)
    back = ("--persistenceLocation", "weed", "--persistenceDir", place)
    told += brookline("copy-state", *read, *back, "--destinationDir", tmp_path / "back")
    assert files(tmp_path / "back") == files(log.folder)
    assert not [secret for secret in SECRETS if secret in told]

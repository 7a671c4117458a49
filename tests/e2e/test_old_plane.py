"""Restores beside real planes: on PostgreSQL with a password that no backup keeps, and one that has moved."""

from __future__ import annotations

import pytest
from tests.backends.fixtures import postgresql
from tests.e2e.test_cli import Folder, until

from brookline.stores.urls import shown

__all__ = ["postgresql"]

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def folder(tmp_path):
    folder = Folder(tmp_path)
    yield folder
    folder.end()


def start(folder, name, store):
    server = folder.start(name, "--persistence-dir", store)
    until(f"{name} leads", lambda: folder.run("ha", "status", "--home", name).returncode == 0)
    return server


@pytest.mark.xdist_group("postgresql")
def test_what_stands_for_a_password_is_no_password(folder, postgresql):
    url = postgresql.place()
    server = start(folder, "n1", url)
    folder.ok("backup", "create", "--persistence-dir", url, "--to", "b.zip")

    before = (postgresql.folder / "server.log").read_text()
    refused = folder.run("backup", "restore", "b.zip", "restored")
    assert refused.returncode == 16
    unknown = f"what is secret in {shown(url)} is not known: set BROOKLINE_PERSISTENCE_DIR"
    assert unknown in refused.stderr
    for command in (("journal", "verify", "--persistence-dir"), ("doctor", "--store")):
        assert "*** stands for something secret" in folder.run(*command, shown(url)).stderr
    said = (postgresql.folder / "server.log").read_text().removeprefix(before)
    assert "password authentication failed" not in said, "nobody was sent the mask"

    folder.environment["BROOKLINE_PERSISTENCE_DIR"] = url
    refused = folder.run("backup", "restore", "b.zip", "restored")
    assert refused.returncode == 16
    assert f"the plane in {shown(url)} lives: node n1 beats" in refused.stderr
    assert not (folder.path / "restored").exists()

    server.terminate()
    assert server.wait(30) == 0
    ran = folder.run("backup", "restore", "b.zip", "restored")
    assert ran.returncode == 0, ran.stderr
    assert "seen" not in ran.stderr


def test_a_plane_that_has_moved_keeps_its_machines_while_it_lives(folder):
    old = start(folder, "n1", "old")
    folder.ok("backup", "create", "--persistence-dir", "old", "--to", "b.zip")
    old.terminate()
    assert old.wait(30) == 0
    folder.ok("store", "copy", "old", "moved", "--yes")
    new = start(folder, "n1", "moved")
    for source in ("b.zip", "old"):
        refused = folder.run("backup", "restore", source, "restored")
        assert refused.returncode == 16
        where = folder.path / "moved"
        assert f"the plane has moved, and in {where} lives: node n1 beats" in refused.stderr
    new.kill()
    new.wait()
    folder.ok("backup", "restore", "b.zip", "restored")

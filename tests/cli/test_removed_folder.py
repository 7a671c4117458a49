"""Commands in a folder that was removed: there is no home in it, and that is all."""

from __future__ import annotations

import pytest

from brookline.cli.access import Wish, find_access
from brookline.cli.drill_faults import Process
from brookline.cli.main import run
from brookline.cli.stores import absolute, find_store
from brookline.client.states import Member
from brookline.errors import Conflict, InvalidInput, StoreUnfit

pytestmark = pytest.mark.usefixtures("removed")


def test_the_plane_is_at_the_default_address_as_in_any_other_folder():
    access = find_access(Wish(), {})
    assert (access.urls_from, access.password, access.authorities) == ("the default", "", ())


def test_no_store_and_no_process_is_found():
    with pytest.raises(InvalidInput, match="say where the store is"):
        find_store("", "", environment={})
    with pytest.raises(Conflict, match="is not here"):
        Process.find(Member("instance01", "MASTER", name="n1", host="here"), "")


def test_a_store_that_counts_from_it_is_refused():
    assert absolute("/a/../store") == "/store"
    with pytest.raises(StoreUnfit, match="'store' counts from the current folder"):
        absolute("store")


@pytest.mark.parametrize(
    "command", [["doctor", "--store", "s"], ["journal", "show", "--persistence-dir", "s"]]
)
def test_commands_about_a_store_that_counts_from_it_say_so(capsys, command):
    assert run(command) != 0
    assert "'s' counts from the current folder, which was removed" in capsys.readouterr().err


def test_commands_run(capsys):
    assert run(["version", "--client"]) == 0
    assert run(["backup", "list"]) == 0
    assert "brookline itself" not in capsys.readouterr().err


@pytest.mark.parametrize("home", [[], ["--home", "n1"]])
def test_a_server_whose_home_counts_from_it_says_so(capsys, home):
    assert run(["server", *home]) == 2
    told = capsys.readouterr().err
    assert (
        "counts from the current folder, which was removed: name it from / on, with --home" in told
    )


def test_a_server_whose_files_count_from_it_names_their_settings(capsys, tmp_path):
    files = ["--persistence-dir", "store", "--global-properties", "me.properties"]
    assert run(["server", "--home", str(tmp_path / "n1"), *files]) == 2
    told = capsys.readouterr().err
    for text in (
        "--persistence-dir: 'store' counts",
        "--global-properties: 'me.properties' counts",
    ):
        assert text in told

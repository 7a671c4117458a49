"""Commands that ask no server: what they take of the options about servers, and how they find the store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from brookline.cli.main import run
from brookline.cli.stores import NOTE, VARIABLE, find_store
from brookline.errors import InvalidInput
from brookline.stores.urls import shown

COMMANDS = (
    ("backup", "create"),
    ("backup", "list"),
    ("backup", "verify", "x"),
    ("backup", "restore", "x", "y"),
    ("journal", "verify"),
    ("store", "copy", "x", "y", "--yes"),
    ("copy-state", "--persistenceDir", "x", "--destinationDir", "y"),
)
NAMED = (("backup", "verify", "x"), ("backup", "restore", "x", "y"), ("store", "copy", "x", "y"))
OF_SERVERS = (
    ("--url", "http://127.0.0.1:1"),
    ("--user", "admin"),
    ("--password", "x"),
    ("--cacert", "x"),
    ("--insecure",),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_options_about_servers_are_neither_listed_nor_dropped(outside, capsys, command):
    assert run([*command, "--help"]) == 0
    told = capsys.readouterr().out
    for option in OF_SERVERS:
        assert f"{option[0]} " not in told
        assert run([*command, *option]) == 1
        refusal = capsys.readouterr().err.splitlines()[-1]
        assert "No such option" in refusal
        assert option[0] in refusal
        assert run([*option, *command]) == 1
        assert (
            f"{option[0]} has no use here: this command asks no server" in capsys.readouterr().err
        )


@pytest.mark.parametrize("command", NAMED, ids=" ".join)
def test_a_command_of_named_stores_reads_no_home(outside, capsys, command):
    assert run([*command, "--help"]) == 0
    assert "--home" not in capsys.readouterr().out
    assert run(["--home", "n1", *command]) == 1
    assert "--home has no use here: this command reads no home" in capsys.readouterr().err
    assert run([*command, "--home", "n1"]) == 1
    assert "No such option" in capsys.readouterr().err


def test_the_log_is_asked_of_servers_or_read(outside, capsys):
    assert run(["journal", "show", "--help"]) == 0
    assert "--url URL" in capsys.readouterr().out
    assert run(["--user", "admin", "journal", "show", "--persistence-dir", "nowhere"]) == 2
    assert f"there is no folder {Path.cwd() / 'nowhere'}\n" in capsys.readouterr().err


URL = "postgresql://plane:open-sesame@db.example/plane"


@pytest.fixture
def home(tmp_path):
    def make(store):
        note = tmp_path / "n1" / NOTE
        note.parent.mkdir(parents=True)
        note.write_text(json.dumps({"store": store}))
        return str(tmp_path / "n1")

    return make


def test_the_environment_says_where_the_store_is(log, outside, capsys, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(log.folder))
    assert run(["journal", "verify"]) == 0
    assert run(["backup", "create", "--to", "b.zip"]) == 0
    assert run(["journal", "verify", "--persistence-dir", "nowhere"]) == 2
    assert f"there is no folder {Path.cwd() / 'nowhere'}\n" in capsys.readouterr().err


def test_a_home_that_is_named_counts_more_than_the_environment(home, tmp_path):
    assert find_store("", home("/plane"), tmp_path, {VARIABLE: "/other"}) == "/plane"
    assert find_store("", "", tmp_path, {VARIABLE: "/other"}) == "/other"
    assert find_store("", "", tmp_path, {VARIABLE: ""}) == "/plane"


def test_the_environment_gives_back_the_password_that_no_home_keeps(home, tmp_path):
    named = home(shown(URL))
    assert find_store("", named, tmp_path, {VARIABLE: URL}) == URL
    for environment in ({}, {VARIABLE: URL.replace("db.", "db2.")}):
        with pytest.raises(InvalidInput, match=f"no home keeps: .* or {VARIABLE}"):
            find_store("", named, tmp_path, environment)

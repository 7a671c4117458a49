"""What commands that ask no server take of the options about servers."""

from __future__ import annotations

import pytest

from brookline.cli.main import run

COMMANDS = (
    ("backup", "create"),
    ("backup", "list"),
    ("backup", "verify", "x"),
    ("backup", "restore", "x", "y"),
    ("journal", "verify"),
    ("store", "copy", "x", "y", "--yes"),
    ("copy-state", "--persistenceDir", "x", "--destinationDir", "y"),
)
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
    assert "--home" in told
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


def test_the_log_is_asked_of_servers_or_read(outside, capsys):
    assert run(["journal", "show", "--help"]) == 0
    assert "--url URL" in capsys.readouterr().out
    assert run(["--user", "admin", "journal", "show", "--persistence-dir", "nowhere"]) == 2
    assert "there is no folder nowhere" in capsys.readouterr().err

"""The edge of the command line: what users read, and what scripts get, when it goes wrong."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from brookline.cli.exits import Exit, exit_of
from brookline.cli.main import COMMANDS, root, run
from brookline.errors import (
    Conflict,
    Damaged,
    NotAllowed,
    NotFound,
    NotLoggedIn,
    NotMaster,
    Outcome,
    StoreUnfit,
    Unavailable,
)
from brookline.testing.http_plane import Reply, hang_up, unavailable


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound(""), 2),
        (StoreUnfit(""), 2),
        (Damaged(""), 3),
        (NotMaster(), 13),
        (NotLoggedIn(""), 14),
        (NotAllowed(""), 15),
        (Conflict(""), 16),
        (Unavailable("", Outcome.NOT_DONE), 13),
        (Unavailable("", Outcome.UNKNOWN), 17),
    ],
)
def test_each_error_has_its_status(error, status):
    assert exit_of(error) == status


def test_each_status_is_told_in_the_help(capsys):
    assert run(["--help"]) == 0
    told = capsys.readouterr().out
    assert [status for status in Exit if f"  {status:<4}  {status.meaning}\n" not in told] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_and_starts_with_a_capital(name, outside):
    command = root.get_command(click.Context(root), name)
    assert command is not None
    assert command.help
    assert run([name, "--help"]) == 0


def test_a_mistyped_command_is_a_usage_error_with_a_suggestion(brookline):
    ran = brookline("aps")
    assert ran.status == Exit.USAGE
    assert "did you mean 'apps'?" in ran.err


def test_a_plane_that_is_not_there_is_told_with_the_next_step(brookline):
    ran = brookline("apps", urls=["http://127.0.0.1:9"])
    assert ran.status == Exit.NO_MASTER
    assert "http://127.0.0.1:9: connection refused" in ran.err
    assert "Next: start a server with brookline server" in ran.err
    assert ran.out == ""


def test_a_wrong_password_is_told_with_the_next_step(brookline, plane):
    plane.answers["GET /v1/server/ha/states"] = Reply(401, "no")
    plane.answers["GET /v1/applications"] = Reply(401, "no")
    ran = brookline("apps")
    assert ran.status == Exit.NOT_LOGGED_IN
    assert "admin-password" in ran.err


def test_a_write_whose_answer_is_lost_is_sent_again(brookline, plane):
    plane.answers["POST /v1/applications/web/entities/web/config/a"] = Reply(204)
    plane["n1"].misbehave(hang_up)
    ran = brookline("config", "web", "--set", "a=b")
    assert ran.status == Exit.OK
    assert len(plane["n1"].writes() + plane["n2"].writes()) == 2


def test_a_refused_login_says_whose_password_it_was_and_from_where(brookline, plane, tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "admin-password").write_text("of another plane\n")
    (tmp_path / "old" / "admin-password").chmod(0o600)
    plane.answers["GET /v1/applications"] = Reply(401, "no")
    ran = brookline("apps")
    assert ran.status == Exit.NOT_LOGGED_IN
    assert f"admin, whose password is from {tmp_path / 'old' / 'admin-password'}" in ran.err


def test_a_write_whose_outcome_is_unknown_says_so(brookline, plane):
    plane.mark = {}  # no server of ours, so that it cannot be sent again
    plane["n1"].misbehave(hang_up)
    ran = brookline("config", "web", "--set", "a=b")
    assert ran.status == Exit.INTERRUPTED
    assert "may have been done" in ran.err
    assert "before you repeat it" in ran.err
    assert len(plane["n1"].writes() + plane["n2"].writes()) == 1


def test_a_refusal_that_may_have_been_done_is_not_sent_again(brookline, plane):
    plane.mark = {}
    plane.answers["POST /v1/applications/web/entities/web/config/a"] = unavailable("unknown")
    ran = brookline("config", "web", "--set", "a=b")
    assert ran.status == Exit.INTERRUPTED
    assert "nobody leads" in ran.err
    assert len(plane["n1"].writes() + plane["n2"].writes()) == 1


@pytest.mark.slow
def test_a_command_that_waits_says_for_what_and_says_it_once(brookline, plane):
    for node in (plane["n1"], plane["n2"]):
        node.misbehave(*[unavailable("not-done", retry_after="1")] * 3)
    plane.answers["POST /v1/applications/a/entities/a/effectors/start"] = Reply(202, {"id": "t1"})

    ran = brookline("invoke", "a", "a", "start", "--no-wait")

    assert ran.out == "task t1\n"
    assert ran.err.count("nobody leads; trying again") == 1


def test_a_fault_of_the_program_shows_no_traceback(brookline, plane, monkeypatch):
    plane.answers["GET /v1/applications"] = {"not": "a list"}
    monkeypatch.delenv("BROOKLINE_DEBUG", raising=False)
    ran = brookline("apps")
    assert ran.status == Exit.INTERNAL
    assert "Traceback" not in ran.err
    assert "BROOKLINE_DEBUG=1" in ran.err


@pytest.mark.slow
def test_an_output_that_takes_no_more_is_told_plainly():
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "brookline.cli.main", "version", "--client"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ran.returncode == Exit.FAILED
    assert ran.stderr == "Error: the output cannot be written: No space left on device\n"


def test_options_may_stand_before_or_behind_the_command(brookline, plane):
    plane.answers["GET /v1/applications"] = []
    assert brookline("-o", "json", "apps").json() == []
    assert yaml.safe_load(brookline("apps", "-o", "yaml").out) == []


def test_version_tells_both_sides(brookline, plane):
    plane.answers["GET /v1/server/version"] = {"version": "9.9"}
    assert brookline("version", "-o", "json").json()["server"] == "9.9"
    ran = brookline("version", urls=["http://127.0.0.1:9"])
    assert ran.status == 0
    assert "server  not known: no answer" in ran.out


def test_a_command_imports_neither_the_server_nor_what_is_slow():
    code = (
        "import sys; from brookline.cli.main import run; run(['version', '--client']);"
        "print([m for m in sys.modules if m.split('.')[0] in"
        " ('asyncio','rich','yaml','msgspec','starlette','uvicorn','aiohttp')"
        " or m.startswith('brookline.server')])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ast.literal_eval(ran.stdout.splitlines()[-1]) == []


def test_who_reads_the_output_may_go_away():
    script = f"{sys.executable} -m brookline.cli.main --help | true; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert ran.stderr == ""
    assert int(ran.stdout) in (0, Exit.BROKEN_PIPE)

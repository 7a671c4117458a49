"""Commands of other users: by ``su`` for a login as root, by ``sudo`` for an ordinary one."""

import asyncio
import contextlib
import os
import pwd
import re
import signal
import subprocess
from pathlib import Path

import pytest
from tests.locations.guard.box import SHELLS, path_without
from tests.locations.guard.conftest import there_is
from tests.locations.guard.sudo import LOGIN, Login
from tests.locations.guard.test_client import Sink

from brookline.errors import RemoteError
from brookline.locations.command import Command
from brookline.locations.guard import Guard, Step
from brookline.locations.guarded import run_guarded
from brookline.locations.payload import encode
from brookline.locations.processes import Turns
from brookline.locations.recorded import RecordedGuard
from brookline.values.clock import SystemClock

HARD = 'a\'\nb $(touch no) "c"'
WAYS = [*(("sudo", name) for name in SHELLS), ("su", "dash"), ("su", "ksh")]


@pytest.fixture
def ordinary(public, sudo, boxes, name):
    """A box of the ordinary login, under each shell."""
    box = boxes(name, folder=public / "box", login=LOGIN)
    box.init()
    return box


@pytest.fixture(params=WAYS, ids="-".join)
def box(request, public, root, boxes):
    """A box of the ordinary login under each shell, or one of root, who becomes another user by `su`."""
    way, name = request.param
    there_is(name)
    if way == "sudo":
        request.getfixturevalue("sudo")
        box = boxes(name, folder=public / "box", login=LOGIN)
    else:
        box = boxes(name)
    box.init()
    return box


@pytest.fixture
def guard_of(public, sudo):
    """Make clients of the ordinary login's guard, as each master has one."""

    def make():
        clock = SystemClock()
        return Guard(Login(clock, Turns(clock)), f"{public}/guard", f"{public}/guard/one")

    return make


def command(script, *, user="daemon", **kwargs):
    return Command("try", script, user=user, **kwargs)


def test_another_user_runs_it_with_a_folder_and_an_environment_of_his(box, public):
    script = 'id -un; pwd; echo "$HOME"; printf %s "$HARD" >hard; env | grep -a "^a.b"; exit 7'
    asked = command(script, env={"HARD": HARD, "a.b": "c d"}, cwd=f"{public}/his own")
    answer = box.run("s1", asked)
    assert (answer.end, answer.err) == (("7", "-"), b"")
    home = pwd.getpwnam("daemon").pw_dir
    assert answer.out.decode() == f"daemon\n{public}/his own\n{home}\na.b=c d\n"
    assert (public / "his own" / "hard").read_text() == HARD
    assert (public / "his own").owner() == "daemon"
    assert box.run("s1", asked, fresh=False)[1:] == answer[1:]


def test_an_ordinary_login_may_run_it_as_root(ordinary):
    assert ordinary.run("s1", command("id -un; exit 4", user="root")).out == b"root\n"
    process = ordinary.begin_run("s2", command("echo on; exec sleep 100", user="root"))
    ordinary.await_output("s2", lines=1)
    assert ordinary.kill("s2", grace=50).end == ("143", "cancelled")
    assert ordinary.end_of(process).end == ("143", "cancelled")


def test_who_is_logged_in_already_needs_nobody_to_become_himself(ordinary, sudo):
    sudo.forbid()
    answer = ordinary.run("s1", command("id -un; exit 4", user=LOGIN))
    assert (answer.end, answer.out) == (("4", "-"), b"nobody\n")


def test_all_that_he_started_is_killed_also_what_ignores_it(box, alive):
    script = """
        trap '' TERM
        sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' &
        setsid sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' &
        echo $$; wait; wait
    """
    process = box.begin_run("s1", command(script))
    pids = box.await_output("s1", lines=3).split()
    end = box.kill("s1", why="timeout", grace=1).end
    assert end in (("-", "timeout"), ("137", "timeout"))  # its runner may live to see it
    assert box.end_of(process).end == end
    assert not [pid for pid in pids if alive(int(pid))]
    assert box.run("s1", command(script), fresh=False).end == end


def test_he_may_clean_up_and_say_how_it_ended(box):
    script = "trap 'sleep 0.1; echo cleaned; exit 7' TERM; echo on; while :; do sleep 0.01; done"
    box.begin_run("s1", command(script))
    box.await_output("s1", lines=1)
    assert box.kill("s1").end == ("7", "cancelled")
    assert box.output("s1", "stdout").out == b"on\ncleaned\n"


def test_what_is_killed_while_it_becomes_another_user_does_not_run_on(
    ordinary, sudo, public, until, alive
):
    sudo.hold_up(public)
    process = ordinary.begin_run("s1", command("exec sleep 100"))
    until((public / "second.came").exists)
    runner = ordinary.runner("s1")
    assert session_of(runner, alive)
    assert ordinary.kill("s1", grace=0).end[1] == "cancelled"
    (public / "go").touch()
    assert ordinary.end_of(process).end[1] == "cancelled"
    assert not session_of(runner, alive)


def test_what_only_root_sees_of_a_session_may_be_about_to_run_it(ordinary):
    ordinary.run("s1", command("true"))
    (ordinary.step("s1") / "end").write_text("\n")
    script = "sleep 100 >/dev/null & echo $!"  # as a sudo of another kind may be
    leader = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True)
    pid = int(leader.communicate()[0])
    (ordinary.step("s1") / "started").write_text(f"{leader.pid} 1 1.0 {ordinary.boot}\n")
    assert ordinary.status("s1").lines[0][1] == "running"
    os.kill(pid, signal.SIGKILL)
    assert ordinary.status("s1").end == ("-", "lost")


def session_of(leader, alive):
    """Return the processes that live of a session."""
    pids = [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()]
    return [pid for pid in pids if alive(pid) and has_session(pid, leader)]


def has_session(pid, leader):
    with contextlib.suppress(ProcessLookupError):
        return os.getsid(pid) == leader


def test_another_master_attaches_to_it(box, public):
    go = public / "go"
    script = f"printf one; while ! test -e {go}; do sleep 0.01; done; printf two; exit 3"
    first = box.begin_run("s1", command(script))
    box.await_output("s1", size=3)
    box.leave(first)
    second = box.begin_run("s1", command("exit 9"), epoch=2, fresh=False, places=(2, 0))
    go.touch()
    answer = box.end_of(second)
    assert (answer.end, answer.out) == (("3", "-"), b"etwo")


def test_it_runs_on_without_its_runner_and_is_known_to(box, public):
    go, trace = public / "go", public / "trace"
    script = f"echo on; while ! test -e {go}; do sleep 0.01; done; echo run >>{trace}"
    process = box.begin_run("s1", command(script))
    box.await_output("s1", lines=1)
    os.kill(box.runner("s1"), signal.SIGKILL)
    assert box.status("s1").lines[0][1] == "running"
    go.touch()
    assert box.end_of(process).end == ("-", "lost")
    assert trace.read_text() == "run\n"


def test_it_is_killed_without_its_runner_too(box, alive):
    box.begin_run("s1", command("echo $$; exec sleep 100"))
    pid = int(box.await_output("s1", lines=1))
    os.kill(box.runner("s1"), signal.SIGKILL)
    assert box.kill("s1").end == ("-", "cancelled")
    assert not alive(pid)


def test_it_is_collected_once_nothing_of_it_writes_any_more(box, until, alive):
    answer = box.run("s1", command("sleep 100 & echo $!"))
    assert answer.end == ("0", "-")
    box.collect("s1")
    assert box.output("s1", "stdout").out == answer.out
    os.kill(int(answer.out), signal.SIGKILL)
    until(lambda: not alive(int(answer.out)))
    box.collect("s1")
    assert not box.step("s1").exists()
    assert box.run("s1", command("true"), fresh=False).words == ["refused", "collected"]


REFUSED = "'nobody' cannot be '{0}' on {1} (sudo: a password is required); allow it there by a line"


@pytest.mark.parametrize("user", ["bin", "sys"])
def test_where_sudo_asks_for_a_password_nothing_begins_and_it_is_said_what_to_set(ordinary, user):
    answer = ordinary.run("s1", command("echo no", user=user))
    assert (answer.end, answer.out) == (("125", "unstarted"), b"")
    last = answer.err.decode().splitlines()[-1]
    assert last.startswith(REFUSED.format(user, os.uname().nodename))
    assert last.endswith(f" in /etc/sudoers.d: nobody ALL=({user}) NOPASSWD: ALL")


def test_where_no_sudo_is_that_is_said(ordinary, public):
    path = path_without(public, "sudo")
    answer = ordinary.run("s1", command("echo no"), env={"PATH": path})
    assert (answer.end, answer.out) == (("125", "unstarted"), b"")
    assert " (sudo is not installed); allow it there by a line in /etc/sudoers.d: " in str(
        answer.err
    )


def test_users_that_are_not_there_are_named(box):
    answer = box.run("s1", command("echo no", user="no-such-user"))
    assert (answer.end, answer.out) == (("125", "unstarted"), b"")
    assert answer.err.decode() == f"{os.uname().nodename} has no user 'no-such-user'\n"


def test_another_process_with_the_number_of_a_dead_runner_is_not_taken_for_what_he_left(ordinary):
    ordinary.run("s1", command("true"))
    login = {"user": pwd.getpwnam(LOGIN).pw_uid, "start_new_session": True}
    with subprocess.Popen(["sleep", "100"], **login) as other:
        (ordinary.step("s1") / "end").write_text("\n")
        (ordinary.step("s1") / "started").write_text(f"{other.pid} 1 1.0 {ordinary.boot}\n")
        assert ordinary.kill("s1").end == ("-", "lost")
        assert other.poll() is None
        other.kill()


def test_what_becomes_another_users_while_it_is_looked_for_is_found(ordinary):
    first = "  if g_needs_sudo; then\n    g_has_orphans_of_another\n    return\n  fi\n"
    assert first in ordinary.script.read_text()
    late = ordinary.copy("late.sh", lambda text: text.replace(first, ""))  # it was not his yet
    process = ordinary.begin_run("s1", command("echo on; exec sleep 100"))
    ordinary.await_output("s1", lines=1)
    os.kill(ordinary.runner("s1"), signal.SIGKILL)
    status = ordinary.ask("status", ordinary.folder, ordinary.id, "s1", script=late)
    assert status.lines[0][1] == "running"
    assert ordinary.kill("s1", grace=50).end == ("-", "cancelled")
    assert ordinary.end_of(process).end == ("-", "cancelled")


def test_a_kill_that_sudo_refuses_says_so_and_lets_it_run(ordinary, sudo, alive):
    process = ordinary.begin_run("s1", command("echo $$; exec sleep 100"))
    pid = int(ordinary.await_output("s1", lines=1))
    sudo.forbid()
    said = " ".join(ordinary.kill("s1", grace=1).words)
    assert said.startswith("failed " + REFUSED.format("daemon", os.uname().nodename))
    assert alive(pid)
    sudo.allow()
    assert ordinary.kill("s1", grace=50).end == ("143", "cancelled")
    assert ordinary.end_of(process).end == ("143", "cancelled")
    assert not alive(pid)


async def test_two_masters_of_an_ordinary_login_share_what_another_user_runs(guard_of, public):
    go, one, two, sinks = public / "go", guard_of(), guard_of(), (Sink(), Sink())
    script = f"id -un; while ! test -e {go}; do sleep 0.01; done; echo off >&2; exit 3"
    payload = encode(command(script))
    async with asyncio.TaskGroup() as group:
        first = group.create_task(one.run(Step("s1", 1, fresh=True), payload, sinks[0]))
        await sinks[0].runs.wait()
        second = group.create_task(two.run(Step("s1", 2), payload, sinks[1]))
        await sinks[1].runs.wait()
        go.touch()
    assert first.result() == second.result() == (3, "-", 7, 4)
    for sink in sinks:
        assert sink.content == {"stdout": b"daemon\n", "stderr": b"off\n"}
    await two.collect(["s1"], 2)
    assert (await one.status("s1")).state == "collected"


async def test_a_master_of_an_ordinary_login_kills_what_root_runs_for_another(guard_of):
    one, two, sink = guard_of(), guard_of(), Sink()
    payload = encode(command("exec sleep 100", user="root"))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(one.run(Step("s1", 1, fresh=True), payload, sink))
        await sink.runs.wait()
        ended = await two.kill(Step("s1", 2), "cancelled")
    assert task.result() == ended
    assert ended.why == "cancelled"


async def test_a_command_that_sudo_refuses_is_an_error_that_says_what_to_set(guard_of):
    said = re.escape(f"try cannot be started: {REFUSED.format('bin', os.uname().nodename)}")
    with pytest.raises(RemoteError, match=f"{said}.* nobody ALL=\\(bin\\) NOPASSWD: ALL$"):
        await run_guarded(RecordedGuard(guard_of()), command("echo no", user="bin"))

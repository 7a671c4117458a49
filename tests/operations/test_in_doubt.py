"""A machine that answers, and yet does not tell what became of a command: who leads waits, or asks people."""

import contextlib
import os
import signal
from pathlib import Path

import pytest
from tests.conftest import is_alive
from tests.operations.far import completes, ends

from brookline.errors import RemoteError
from brookline.journal.queue import Decision
from brookline.locations import here, way
from brookline.locations.command import Command, words
from brookline.locations.guard import GUARD
from brookline.locations.ports import LOCATION
from brookline.operations.interruption import Cause
from brookline.operations.operation import current
from brookline.operations.resolving import find, resume
from brookline.operations.retention import with_parts
from brookline.operations.safety import guarded
from brookline.operations.task import KIND, Status
from brookline.wire.changes import Merge

pytestmark = pytest.mark.slow

DOES_NOT = "for the machine far, which does not do what it is asked, since 20"


def change(monkeypatch, old, new):
    """Have masters send a changed guard from now on."""
    name, guard = way.script()
    assert guard.count(old) == 1
    monkeypatch.setattr(way, "script", lambda: (f"changed-{name}", guard.replace(old, new)))


async def test_a_guard_that_cannot_tell_what_a_command_wrote_is_asked_until_it_can(
    far, until, monkeypatch, tmp_path
):
    broken = tmp_path / "broken"
    fails = (
        f"g_output() {{ # STREAM OFFSET\n  [ ! -e {words(str(broken))} ] || g_fail cannot read\n"
    )
    change(monkeypatch, b"g_output() { # STREAM OFFSET\n", fails.encode())
    task = await far.begins(until, "up")
    await far.bench.fail_over()
    broken.touch()
    far.go.touch()
    await until(lambda: far.waits(task).startswith(DOES_NOT))
    assert far.waits(task).endswith("the guard says: cannot read")
    broken.unlink()
    await completes(far, task)


async def test_a_home_that_was_moved_to_another_host_has_not_ended_what_runs_on_the_first(
    far, until, monkeypatch
):
    task = await far.begins(until, "up")
    [pid] = far.pids()
    monkeypatch.setattr(here, "host_key", lambda: "another")
    await far.bench.fail_over()
    await until(lambda: far.waits(task).startswith(DOES_NOT))
    assert "and this server runs on 'another'" in far.waits(task)
    assert await far.bench.supervisor.cancel(far.task(task))
    [end] = far.endings()
    await until(lambda: far.waits(end).startswith(DOES_NOT))
    assert is_alive(pid)
    monkeypatch.undo()
    assert (await ends(far, end)).result == 1
    assert not is_alive(pid)


async def test_nothing_is_begun_on_a_machine_that_is_another_host(far, monkeypatch):
    monkeypatch.setattr(here, "host_key", lambda: "another")
    task = await ends(far, await far.submit(), Status.FAILED)
    assert "and this server runs on 'another'" in task.error
    assert far.pids() == []


async def test_a_base_folder_that_is_no_folder_any_more_has_not_ended_what_runs(far, until):
    task = await far.begins(until, "up")
    base = Path(far.machine().base_dir)
    base.rmdir()
    base.touch()
    await far.bench.fail_over()
    await until(lambda: far.waits(task).startswith(DOES_NOT))
    base.unlink()
    far.go.touch()
    await completes(far, task)


async def test_what_was_waited_for_is_not_shown_once_the_command_has_failed(far, until, gate):
    @guarded
    async def tries(machine):
        with contextlib.suppress(RemoteError):
            await machine.run(far.command())
        await gate.wait()

    async def body(op):
        await op.step("tries", tries, far.machine())

    far.set("down")
    task = await far.bench.submit(body)
    await until(lambda: far.waits(task))
    received = Path(far.home) / "one" / "in"
    received.rmdir()
    received.touch()
    far.set("up")
    await until(lambda: not far.waits(task))
    assert not far.task(task).status.ended
    gate.set()
    await ends(far, task)


def boots(far, boot):
    """Have the record of the machine say that it had booted so."""
    config = far.bench.recorder.records.get(LOCATION, "m1")["config"]
    place = {**config[GUARD], "boot": boot}
    far.bench.recorder.note(Merge(LOCATION, "m1", {"config": {**config, GUARD: place}}))


async def test_only_one_master_of_two_records_a_boot_and_what_comes_then_is_not_fresh(far, until):
    fresh = []

    @guarded
    async def both(machine):
        await machine.run(Command("first", "true"))
        fresh.append(current().fresh)
        await machine.run(far.command())

    async def body(op):
        await op.step("both", both, far.machine())

    task = await far.bench.submit(body)
    await until(far.pids)
    boots(far, "earlier")  # as if this were another boot than that of the first master
    await far.bench.fail_over()
    await until(lambda: len(fresh) == 2)
    assert fresh == [True, False], "the second command may have been begun"
    far.go.touch()
    await ends(far, task)
    assert len(far.pids()) == 1


async def test_each_master_records_the_boot_that_it_finds(far, until):
    @guarded
    async def both(machine):
        await machine.run(Command("first", "true"))
        await machine.run(far.command())

    async def body(op):
        await op.step("both", both, far.machine())

    now = far.bench.recorder.records.get(LOCATION, "m1")["config"][GUARD]["boot"]
    boots(far, "earlier")
    task = await far.bench.submit(body)
    await until(far.pids)
    for earlier in ("later", "later still"):
        boots(far, earlier)
        await far.bench.fail_over()
        record = far.bench.recorder.records
        await until(lambda r=record: r.get(LOCATION, "m1")["config"][GUARD]["boot"] == now)
    far.go.touch()
    await ends(far, task)


async def test_a_machine_that_is_started_anew_interrupts_the_command_that_ran_there(
    far, until, monkeypatch, tmp_path
):
    boot = tmp_path / "boot_id"
    boot.write_text(Path("/proc/sys/kernel/random/boot_id").read_text())
    change_all = way.script()[1].replace(b"/proc/sys/kernel/random/boot_id", bytes(boot))
    monkeypatch.setattr(way, "script", lambda: ("another-boot.sh", change_all))
    task = await far.begins(until, "up")
    [pid] = far.pids()
    far.set("down")
    await until(lambda: far.waits(task).startswith("for the machine far, out of reach"))
    boot.write_text("started-anew\n")
    os.killpg(os.getpgid(pid), signal.SIGKILL)
    await until(lambda: not is_alive(pid))
    far.set("up")
    task = await ends(far, task, Status.INTERRUPTED)
    assert task.interruption["cause"] == Cause.REBOOTED.value
    assert task.error.startswith("interrupted: the machine was started anew, and nobody knows how")
    assert far.bench.recorder.records.get(KIND, task.id)["status"] == "interrupted"
    assert far.pids() == [pid]


async def test_a_command_without_what_waited_for_it_is_interrupted_and_run_anew_when_resumed(
    far, until
):
    task = await far.begins(until, "up")
    [pid] = far.pids()
    os.kill(os.getpgid(pid), signal.SIGKILL)  # as for want of memory; the command goes on
    far.go.touch()
    task = await ends(far, task, Status.INTERRUPTED)
    assert task.interruption["cause"] == Cause.LOST.value
    assert task.error.startswith(
        "interrupted: what waited for the command on the machine was killed"
    )
    assert far.output(task) == b"one\ntwo\n"
    bench = far.bench
    found = find(bench.recorder.records, [one.id for one in with_parts(task)])
    changes = resume(found, "ann", bench.clock.wall_ms())
    await bench.recorder.commit(lambda _view: Decision(changes))
    bench.supervisor.take_up(task, found.lost)
    task = await ends(far, task)
    assert task.result == [3, "one\ntwo\n"]
    assert len(far.pids()) == 2

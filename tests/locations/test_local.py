import asyncio
import dataclasses
import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from brookline.errors import CommandFailed, InvalidInput, RemoteError
from brookline.locations.command import Command, words
from brookline.locations.local import LocalMachine
from brookline.operations.safety import guarded
from brookline.operations.streams import LIMIT_BYTES
from brookline.operations.task import KIND, Status
from brookline.values.clock import SystemClock


def commands(machine):
    """Return the folders of what was run and not cleared away."""
    folder = Path(machine.base_dir) / "guard" / "own" / "steps"
    return list(folder.iterdir()) if folder.is_dir() else []


def end_of(folder):
    """Return the exit code that was written down, or None."""
    words = (folder / "end").read_text().split()
    return int(words[0]) if words and words[-1] == "." else None


@pytest.mark.parametrize("survives", [True, False], ids=["survives", "question"])
class TestBothWays:
    async def test_output_and_exit_code_come_back(self, machine, survives):
        script = "echo out; echo err >&2; exit 3"
        finished = await machine.run(Command("try", script, survives=survives))
        assert (finished.exit_code, finished.stdout, finished.stderr) == (3, "out\n", "err\n")
        assert not finished.ok

    async def test_the_first_failure_ends_the_script(self, machine, survives):
        finished = await machine.run(Command("try", "false\necho not here", survives=survives))
        assert (finished.exit_code, finished.stdout) == (1, "")

    async def test_only_a_login_environment_and_its_own_reaches_it(
        self, machine, survives, monkeypatch
    ):
        monkeypatch.setenv("SEAL_KEY", "of the server")
        env = {"A": "x y'\"$(touch no)\nz", "EMPTY": ""}
        script = 'printf "%s|%s|%s|%s" "$A" "${EMPTY-unset}" "${SEAL_KEY-unset}" "$HOME"'
        finished = await machine.run(Command("try", script, env, survives=survives))
        assert finished.stdout == f"{env['A']}||unset|{Path.home()}"

    async def test_it_runs_in_its_folder_which_is_made(self, machine, survives, tmp_path):
        folder = tmp_path / "new" / "folder with blank"
        finished = await machine.run(Command("try", "pwd", cwd=str(folder), survives=survives))
        assert finished.stdout == f"{folder}\n"

    async def test_without_a_folder_it_runs_at_home(self, machine, survives):
        finished = await machine.run(Command("try", "pwd", survives=survives))
        assert finished.stdout == f"{Path.home()}\n"

    async def test_one_that_takes_too_long_is_killed_with_all_that_it_started(
        self, machine, survives, pids, alive, tmp_path, until
    ):
        pid_file = tmp_path / "pid"
        script = f"sleep 100 & echo $! >{words(str(pid_file))}; wait"
        command = Command("try", script, timeout_s=0.3, survives=survives)
        finished = await machine.run(command)
        pids.append(int(pid_file.read_text()))
        assert finished.timed_out
        await until(lambda: not alive(pids[0]))
        with pytest.raises(CommandFailed, match=r"try did not end within 0.3s and was killed"):
            finished.checked(command)

    async def test_what_it_leaves_in_the_background_holds_nobody_up(
        self, machine, survives, pids, alive
    ):
        finished = await machine.run(Command("try", "sleep 100 & echo $!", survives=survives))
        pids.append(int(finished.stdout))
        assert finished.ok
        assert alive(pids[0])

    async def test_a_nul_character_is_refused(self, machine, survives):
        with pytest.raises(InvalidInput, match="try cannot be started"):
            await machine.run(Command("try", "true", {"A": "\0"}, survives=survives))

    async def test_a_folder_that_cannot_be_made_is_an_error_of_the_machine(
        self, machine, survives, tmp_path
    ):
        (tmp_path / "file").touch()
        with pytest.raises(RemoteError, match="try cannot be started"):
            await machine.run(
                Command("try", "true", cwd=str(tmp_path / "file" / "x"), survives=survives)
            )

    async def test_a_record_of_another_host_is_refused(self, machine, survives):
        host = dataclasses.replace(machine.host, key="elsewhere")
        other = LocalMachine(host, machine.base_dir, SystemClock())
        with pytest.raises(RemoteError, match="the machine is the host 'elsewhere'"):
            await other.run(Command("try", "true", survives=survives))

    async def test_it_leads_a_session_of_its_own(self, machine, survives):
        script = "exec ps -o sid= -p $$"
        finished = await machine.run(Command("try", script, survives=survives))
        assert int(finished.stdout) != os.getsid(0)


async def test_a_mere_text_is_a_command(machine):
    assert (await machine.run("echo $((1 + 2))")).stdout == "3\n"


async def test_nothing_stays_of_a_command_that_ended(machine, until):
    await machine.run("true")
    await until(lambda: commands(machine) == [])


async def test_the_output_of_what_it_launched_stays(machine, pids):
    finished = await machine.run("sleep 100 & echo $!")
    pids.append(int(finished.stdout))
    [folder] = commands(machine)
    assert (folder / "stdout").read_text() == finished.stdout
    assert folder.parent.parent.stat().st_mode & 0o077 == 0


async def test_its_streams_are_those_of_the_task_while_it_runs(
    machine, submit, supervisor, until, tmp_path
):
    go = tmp_path / "go"
    script = f"echo one; while ! test -e {words(str(go))}; do sleep 0.01; done; echo two"
    command = Command("launch", script, {"PORT": "80", "DB_PASSWORD": "hidden"})
    task = submit(lambda op: op.step("launch", machine.run, command))

    def stream(name):
        [step] = task.children
        return b"".join(supervisor.streams.read(step.id, name))

    await until(lambda: task.children and stream("stdout") == b"one\n")
    assert task.children[0].streams["stdout"] == 4
    assert task.status is Status.RUNNING
    go.touch()
    await task.wait(10)
    assert stream("stdout") == b"one\ntwo\n"
    assert stream("stdin") == script.encode()
    assert stream("env") == b"PORT=80\nDB_PASSWORD=********\n"
    assert dict(task.children[0].streams) == {
        "stdin": len(script),
        "env": len(stream("env")),
        "stdout": 8,
    }


async def test_large_output_does_not_pass_through_memory(machine, submit, supervisor):
    size = 20_000_000
    script = f"head -c {size} /dev/zero; echo end"
    task = submit(lambda op: op.step("launch", machine.run, Command("launch", script)))
    await task.wait(30)
    [step] = task.children
    assert (step.status, step.streams["stdout"]) == (Status.COMPLETED, size + 4)
    kept = sum(map(len, supervisor.streams.read(step.id, "stdout")))
    assert kept < 9_000_000


def memory_kb(name):
    """Return what the kernel says of the memory of this process, in kB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for its memory")
async def test_a_gigabyte_of_output_takes_little_memory_and_is_kept_within_bounds(
    machine, submit, supervisor, tmp_path
):
    size = 1 << 30

    @guarded
    async def launch():
        return (await machine.run(f"head -c {size} /dev/zero; exit 3")).exit_code

    Path("/proc/self/clear_refs").write_text("5")  # the most that was used is what is used now
    before = memory_kb("VmRSS")
    task = submit(lambda op: op.step("launch", launch))
    await task.wait(150)
    assert memory_kb("VmHWM") - before < 30_000
    [step] = task.children
    assert (step.result, step.streams["stdout"]) == (3, size)
    assert sum(one.stat().st_size for one in tmp_path.glob("streams/*/stdout.*")) <= LIMIT_BYTES
    for one in (task, step):
        assert len(json.dumps(supervisor.recorder.records.get(KIND, one.id))) < 2000


async def test_a_step_may_return_how_a_command_ended_that_wrote_what_is_no_text(machine, submit):
    script = "head -c 100000 /dev/zero; head -c 100000 /dev/zero | tr '\\0' '\\377' >&2; exit 3"
    task = submit(lambda op: op.step("launch", machine.run, Command("launch", script)))
    await task.wait(20)
    [step] = task.children
    assert (step.status, step.result["exit_code"]) == (Status.COMPLETED, 3)
    assert set(step.result["stdout"]) == {"\0"}
    assert set(step.result["stderr"]) == {"\ufffd"}


async def test_cancelling_the_task_kills_the_command_with_all_that_it_started(
    machine, submit, supervisor, until, pids, alive, tmp_path
):
    pid_file = tmp_path / "pid"
    script = f"sleep 100 & echo $! >{words(str(pid_file))}; wait"
    task = submit(lambda op: op.step("launch", machine.run, Command("launch", script)))
    await until(lambda: pid_file.exists() and pid_file.read_text())
    pids.append(int(pid_file.read_text()))
    assert await supervisor.cancel(task)
    await until(lambda: not alive(pids[0]))
    [folder] = commands(machine)
    assert (folder / "kill").read_text() == "cancelled\n"
    await machine.collect([task.children[0].id])
    assert commands(machine) == []


async def test_one_that_is_cancelled_may_clean_up(
    machine, submit, supervisor, until, pids, tmp_path
):
    pid_file, cleaned = tmp_path / "pid", tmp_path / "cleaned"
    script = f"""
        trap 'sleep 0.1; touch {words(str(cleaned))}; exit 1' TERM
        echo $$ >{words(str(pid_file))}
        while :; do sleep 0.01; done
    """
    task = submit(lambda op: op.step("launch", machine.run, Command("launch", script)))
    await until(lambda: pid_file.exists() and pid_file.read_text())
    pids.append(int(pid_file.read_text()))
    assert await supervisor.cancel(task)
    assert cleaned.exists()


@pytest.mark.slow
async def test_one_that_ignores_the_gentle_signal_is_killed(
    machine, submit, supervisor, until, pids, alive, tmp_path
):
    pid_file = tmp_path / "pid"
    script = f"trap '' TERM; echo $$ >{words(str(pid_file))}; while :; do sleep 1; done"
    task = submit(lambda op: op.step("launch", machine.run, Command("launch", script)))
    await until(lambda: pid_file.exists() and pid_file.read_text())
    pids.append(int(pid_file.read_text()))
    assert await supervisor.cancel(task)
    await until(lambda: not alive(pids[0]))


async def test_handing_over_leaves_the_command_running(
    machine, submit, supervisor, until, pids, alive, tmp_path
):
    pid_file, go = tmp_path / "pid", tmp_path / "go"
    script = f"""
        echo $$ >{words(str(pid_file))}
        while ! test -e {words(str(go))}; do sleep 0.01; done
        echo done
    """
    task = submit(lambda op: op.step("launch", machine.run, Command("launch", script)))
    await until(lambda: pid_file.exists() and pid_file.read_text())
    pids.append(int(pid_file.read_text()))
    await supervisor.deactivate()
    assert not task.status.ended
    assert alive(pids[0])
    go.touch()
    [folder] = commands(machine)
    await until(lambda: end_of(folder) == 0)
    assert (folder / "stdout").read_text() == "done\n"


SERVER = """
import asyncio, sys
from brookline.locations.here import host_key
from brookline.locations.local import LocalMachine
from brookline.locations.machine import Host
from brookline.values.clock import SystemClock

host = Host(host_key(), *["127.0.0.1"] * 4, "me")
asyncio.run(LocalMachine(host, sys.argv[1], SystemClock()).run(sys.argv[2]))
"""


@pytest.mark.slow
async def test_the_death_of_the_server_does_not_touch_the_command(
    machine, until, pids, alive, tmp_path
):
    pid_file, go = tmp_path / "pid", tmp_path / "go"
    script = f"""
        echo $$ >{words(str(pid_file))}
        while ! test -e {words(str(go))}; do echo waiting; sleep 0.01; done
        exit 4
    """
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, machine.base_dir, script
    )
    await until(lambda: pid_file.exists() and pid_file.read_text())
    pids.append(int(pid_file.read_text()))
    server.send_signal(signal.SIGKILL)
    await server.wait()
    [folder] = commands(machine)
    before = (folder / "stdout").stat().st_size
    await until(lambda: (folder / "stdout").stat().st_size > before)
    assert alive(pids[0])
    go.touch()
    await until(lambda: end_of(folder) == 4)


async def test_a_machine_of_another_plane_is_an_error_that_says_what_to_do(
    machine, submit, supervisor
):
    await machine.run("true")
    (Path(machine.base_dir) / "guard" / "own" / "epoch").write_text("7\n")
    task = submit(lambda op: op.step("launch", machine.run, Command("launch", "true")))
    await task.wait(10)
    assert task.status is Status.FAILED
    assert "the mastership 7, which is not of this plane as it is now" in task.error
    assert f"remove {machine.base_dir}/guard/own there" in task.error


async def test_a_machine_that_obeys_the_next_master_hands_the_operation_over(
    machine, submit, supervisor, until
):
    await machine.run("true")
    (Path(machine.base_dir) / "guard" / "own" / "epoch").write_text("7\n")
    supervisor.recorder.leads = False
    task = submit(lambda op: op.step("launch", machine.run, Command("launch", "true")))
    await until(lambda: not task.owned)
    assert not task.status.ended


async def test_files_are_put_whole_with_their_folders(machine, tmp_path):
    path = tmp_path / "a" / "b.txt"
    await machine.put(b"one", str(path))
    await machine.put(b"two", str(path))
    assert path.read_bytes() == b"two"
    assert list(path.parent.iterdir()) == [path]


async def test_a_file_that_cannot_be_written_is_an_error_of_the_machine(machine, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RemoteError, match="cannot write"):
        await machine.put(b"x", str(tmp_path / "file" / "x"))


async def test_a_port_on_which_somebody_listens_is_not_free(machine):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not await machine.is_free(port)
    assert await machine.is_free(port)


async def test_a_base_folder_that_others_can_write_is_refused(machine):
    Path(machine.base_dir).mkdir(mode=0o700)
    Path(machine.base_dir).chmod(0o777)
    with pytest.raises(RemoteError, match="others can write it"):
        await machine.run("true")

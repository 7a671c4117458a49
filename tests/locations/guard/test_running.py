"""What the guard does with one command, under every shell."""

import os
import signal
from pathlib import Path

import pytest

from brookline.locations.command import Command, words

BYTES = bytes(range(1, 256))


def test_a_command_runs_once_and_its_outcome_is_told_again(box):
    trace = box.tmp_path / "trace"
    script = f"echo run >>{words(str(trace))}; echo out; echo err >&2; exit 3"
    first, second = box.run("s1", script), box.run("s1", script, epoch=2, fresh=False)
    assert (first.end, first.out, first.err, first.errors) == (("3", "-"), b"out\n", b"err\n", b"")
    assert second[1:] == first[1:]
    assert (first.lines[0][:2], second.lines[0][:2]) == (["began", "new"], ["began", "known"])
    assert trace.read_text() == "run\n"


def test_a_second_master_attaches_to_a_running_command_from_where_it_is(box, until):
    go = box.tmp_path / "go"
    script = f"printf one; while ! test -e {words(str(go))}; do sleep 0.01; done; printf two"
    first = box.begin_run("s1", script)
    box.await_output("s1", size=3)
    box.leave(first)
    second = box.begin_run("s1", "exit 9", epoch=2, fresh=False, places=(2, 0))
    go.touch()
    answer = box.end_of(second)
    assert (answer.end, answer.out) == (("0", "-"), b"etwo")


def test_output_is_taken_byte_for_byte(box):
    path = box.tmp_path / "bytes"
    path.write_bytes(bytes(range(256)) * 100)
    answer = box.run("s1", f"cat {path}; printf 'no end' >&2")
    assert (answer.out, answer.err) == (path.read_bytes(), b"no end")
    assert box.output("s1", "stdout", 25_000).out == path.read_bytes()[25_000:]


def test_no_byte_of_a_command_is_a_word_of_a_shell(box):
    hard = BYTES.decode("latin-1").encode("latin-1").decode("utf-8", "surrogateescape")
    folder = f"{box.tmp_path}/a b'\n\"$(touch no)`;*"
    env = {
        "HARD": hard,
        "LINES_": "\n\na\n\n",
        "a.b-c": "odd\n1",
        "PATH": os.environ["PATH"],
        "EMPTY": "",
    }
    script = f'printf %s "$HARD" >hard; printf %s "$LINES_" >lines; env >all; pwd\n# {hard!a}'
    answer = box.run("s1", Command("try", script, env, cwd=folder, makes=(f"{folder}/x\n",)))
    assert answer.end == ("0", "-"), answer
    assert answer.out == os.fsencode(folder) + b"\n"
    inside = Path(folder)
    assert (inside / "hard").read_bytes() == BYTES
    assert (inside / "lines").read_bytes() == b"\n\na\n\n"
    assert b"\na.b-c=odd\n1\n" in b"\n" + (inside / "all").read_bytes()
    assert (inside / "x\n").is_dir()


def test_only_a_login_environment_and_its_own_reaches_it(box):
    names = "env | cut -d= -f1 | grep -v -e '^_$' -e SHLVL -e PWD -e _AST_FEATURES -e '^A' | sort"
    answer = box.run("s1", Command("try", names, {"A": "1"}))
    assert answer.out.split() == [b"HOME", b"PATH"]


def test_signals_are_not_ignored_by_what_it_runs(box):
    answer = box.run("s1", "grep SigIgn /proc/self/status")
    ignored = int(answer.out.split()[1], 16)
    assert not ignored & sum(1 << (n - 1) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))


def test_a_command_that_dies_of_a_signal_ends_with_its_number(box):
    assert box.run("s1", "kill -TERM $$").end == ("143", "-")
    assert box.run("s2", "kill -KILL $$").end == ("137", "-")


def test_a_folder_that_cannot_be_made_starts_nothing(box):
    (box.tmp_path / "file").touch()
    answer = box.run("s1", Command("try", "echo no", cwd=f"{box.tmp_path}/file/x"))
    assert (answer.end, answer.out) == (("125", "unstarted"), b"")
    assert b"/file" in answer.err


def test_daemons_with_its_output_hold_up_nobody_and_keep_it(box, until, alive):
    answer = box.run("s1", "sleep 100 & echo $!")
    pid = int(answer.out)
    assert answer.end == ("0", "-")
    box.collect("s1")
    assert box.output("s1", "stdout").out == answer.out
    os.kill(pid, signal.SIGKILL)
    until(lambda: not alive(pid))
    box.collect("s1")
    assert not box.step("s1").exists()


def test_daemons_that_closed_everything_are_no_business_of_the_guard(box):
    script = "setsid sh -c 'exec sleep 0.3' </dev/null >/dev/null 2>&1 & echo $!"
    assert box.run("s1", script).end == ("0", "-")
    box.collect("s1")
    assert not box.step("s1").exists()


def test_a_command_may_close_its_descriptors_and_change_its_folder(box):
    answer = box.run("s1", "echo before; cd /; exec >&- 2>&- <&-; exit 4")
    assert (answer.end, answer.out) == (("4", "-"), b"before\n")


def test_what_is_not_kept_is_gone_when_its_end_is_told(box):
    assert box.run("s1", "echo out", kept=False).out == b"out\n"
    assert not box.step("s1").exists()


def test_killing_ends_all_that_it_started_also_what_ignores_it(box, until, alive):
    pids = box.tmp_path / "pids"
    script = f"""
        trap '' TERM
        sh -c 'trap "" TERM; while :; do sleep 1; done' &
        echo $! >>{pids}
        setsid sh -c 'trap "" TERM; while :; do sleep 1; done' &
        echo started; wait; wait
    """
    process = box.begin_run("s1", script)
    box.await_output("s1", size=1)
    answer = box.kill("s1", why="timeout", grace=2)
    assert answer.end == ("-", "timeout")
    answer = box.end_of(process)
    assert (answer.end, answer.out) == (("-", "timeout"), b"started\n")
    assert not alive(int(pids.read_text()))
    assert box.run("s1", script, fresh=False).end == ("-", "timeout")


def test_one_that_is_killed_may_clean_up_and_say_how_it_ended(box, until):
    script = "trap 'sleep 0.1; echo cleaned; exit 7' TERM; echo on; while :; do sleep 0.01; done"
    box.begin_run("s1", script)
    box.await_output("s1", size=1)
    assert box.kill("s1").end == ("7", "cancelled")
    assert box.output("s1", "stdout").out == b"on\ncleaned\n"


def test_a_kill_that_ends_nothing_says_so(box, alive):
    script = box.copy("powerless.sh", lambda text: text.replace('kill "-$1" "-$g_pid"', ":"))
    process = box.begin_run("s1", "echo $$; exec sleep 100")
    pid = int(box.await_output("s1", lines=1))
    assert " ".join(box.kill("s1", grace=0, script=script).words) == "failed it does not end"
    assert alive(pid)
    assert box.kill("s1").end == ("143", "cancelled")
    assert box.end_of(process).end == ("143", "cancelled")


def test_the_end_of_what_is_not_kept_is_told_before_it_is_forgotten(box):
    killed = 'rm -rf "$g_dir"\n  fi\n}'
    script = box.copy("killed.sh", lambda text: text.replace(killed, f"kill -9 $$\n{killed}"))
    assert "kill -9 $$" in script.read_text()
    assert box.run("s1", "exit 3", kept=False, script=script).end == ("3", "-")


def test_a_command_that_ended_is_not_killed_any_more(box, alive):
    pid = int(box.run("s1", "sleep 100 & echo $!").out)
    assert box.kill("s1").end == ("0", "-")
    assert alive(pid)


@pytest.mark.parametrize("step", ["", "../x", ".x", "a b", "a;b", "a*"])
def test_ids_that_are_no_file_names_are_refused(plain, step):
    assert plain.run(step).words[0] == "failed"

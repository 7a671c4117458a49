"""What is done to a machine when the guard is killed in the midst of it, and what has to hold afterwards."""

import os
import shutil
import signal
import subprocess
import time

from tests.conftest import is_alive
from tests.locations.guard.box import SCRIPT
from tests.locations.guard.killing import deadly, function_at, traced, tracing

from brookline.locations.command import Command

RUNNER = {"g_runner", "g_become", "g_cannot", "g_switch", "g_can_become", "g_by_other"}
LOCK = {"g_lock", "g_break_lock", "g_unlock"}
OTHER = {"g_switch", "g_by_other", "g_has_orphans_of_another", "g_signal_by_other", "g_signal"}


def function_of(line):
    return function_at(SCRIPT.read_text(), line)


def lines_of(box, act):
    """Return the lines that the script comes to, each as often as it does, in order."""
    trace = box.tmp_path / "lines"
    act(script=box.copy("tracing.sh", tracing), env={"TRACE": str(trace)})
    return traced(trace)


def dying_at(line, box, script):
    """Return the arguments with which whoever comes first to a line dies, and nobody else."""
    life = box.tmp_path / "life"
    life.touch()
    return {"script": script, "env": {"DIES": str(line), "LIFE": str(life)}}


def runs(box):
    """Return what the commands of a box have noted."""
    trace = box.tmp_path / "trace"
    return trace.read_text().splitlines() if trace.exists() else []


def await_runs(box, number=1):
    """Wait until commands have noted so much."""
    deadline = time.monotonic() + 20
    while len(runs(box)) < number:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def claim(box, step, **kwargs):
    """Have a step claimed by somebody who dies before he starts it."""
    twin = box.twin("claimed")
    lines = lines_of(twin, lambda **options: twin.run(step, **kwargs, **options))
    spawning = next(line for line in lines if function_of(line) == "g_spawn")
    box.run(step, **kwargs, **dying_at(spawning, box, box.copy("deadly.sh", deadly)))
    assert box.status(step).lines[0][1] == "claimed"


def mark(box):
    """Have a folder be about to be removed, by somebody who died in the midst of that."""
    marks = box.folder.parent / "removed" / str(int(time.time()) // 86400)
    marks.mkdir(parents=True)
    (marks / box.id.partition(".")[0]).touch()


def begin_quick(box):
    """Have a command run that ends with the first signal."""
    _begin(box, "echo $$ >>{0}/trace; exec sleep 100")


def begin_stubborn(box):
    """Have a command run that takes no notice of the first signal, which is waited for a while."""
    _begin(box, "trap '' TERM; echo $$ >>{0}/trace; while :; do sleep 0.05; done")


def _begin(box, script):
    process = box.begin_run("s1", script.format(box.tmp_path), epoch=0)
    await_runs(box)
    box.leave(process)


class Scenario:
    """Something that is asked of the guard, and is killed at a line.

    Attributes:
        functions: Those at whose lines that is tried; None for all.
    """

    functions: set[str] | None = None

    def prepare(self, box):
        """Have a box be as it is before."""

    def begin(self, box):
        """Have running what runs before, on each copy of the box."""

    def act(self, box, **dying):
        """Ask for it."""
        raise NotImplementedError

    def check(self, box, died_in):
        """See that all is well, or can be made well, after somebody died in a function."""
        raise NotImplementedError

    def points(self, box):
        """Return the lines at which it is tried, given a box that is prepared."""
        other = box.twin("traced")
        self.begin(other)
        lines = lines_of(other, lambda **options: self.act(other, **options))
        if self.functions is not None:
            return [line for line in lines if function_of(line) in self.functions]
        if (box.folder / "id").exists() and " link " in (box.folder / "id").read_text():
            return _while_locking(lines)
        return self.of(lines)

    def of(self, lines):
        """Return those of the lines where it makes a difference."""
        return lines


def _since_lock(lines):
    """Return the lines from the first on that has to do with the lock: before, most change nothing."""
    return lines[[function_of(line) for line in lines].index("g_lock") :]


def _while_locking(lines):
    """Return the lines from the first to the last that has to do with the lock."""
    lines = _since_lock(lines)
    last = max(n for n, line in enumerate(lines) if function_of(line) == "g_unlock")
    return lines[: last + 1]


class Run(Scenario):
    """It is taken up, and the command runs once."""

    user = ""

    def act(self, box, *, fresh=True, **dying):
        script = f"echo run >>{box.tmp_path}/trace; echo out; exit 3"
        env, cwd = {"HARD": "1\n2", "a.b": "c"}, f"{box.tmp_path}/cwd"
        command = Command("try", script, user=self.user, env=env, cwd=cwd)
        return box.run("s1", command, epoch=2, fresh=fresh, **dying)

    def check(self, box, died_in):
        assert box.status("s1").words[0] in ("end", "refused")
        answer = self.act(box, fresh=False)
        if answer.words[2] == "lost":
            # Its runner was killed between the gate and the end: nobody knows, and nobody tries again.
            assert died_in in RUNNER
            assert runs(box) in ([], ["run"])
        else:
            assert (answer.end, answer.out, runs(box)) == (("3", "-"), b"out\n", ["run"])
        assert self.act(box, fresh=False).end == answer.end


class RunAgain(Run):
    """What has ended is told again."""

    functions = {"g_run", "g_claim", "g_await_start"}  # noqa: RUF012

    def prepare(self, box):
        self.act(box)

    def check(self, box, died_in):
        answer = self.act(box, fresh=False)
        assert (answer.end, answer.out, runs(box)) == (("3", "-"), b"out\n", [])


class RunAsJob(Run):
    """The same where `setsid` cannot fork."""

    functions = {"g_spawn"}  # noqa: RUF012

    def prepare(self, box):
        file = box.folder / "id"
        file.write_text(file.read_text().replace(" fork", " job"))


class RunOfWhatWasClaimed(Run):
    """A step that was claimed by somebody who died before he started it is started."""

    functions = {"g_claim", "g_look"}  # noqa: RUF012

    def prepare(self, box):
        claim(box, "s1", epoch=2)


class RunThatIsRefused(Scenario):
    """What was killed before it began never begins, and nothing stays of it."""

    def prepare(self, box):
        box.kill("s1")

    def act(self, box, **dying):
        return box.run("s1", f"echo run >>{box.tmp_path}/trace", fresh=False, **dying)

    def check(self, box, died_in):
        assert self.act(box).words == ["refused", "killed"]
        assert runs(box) == []
        box.ask("sweep", box.folder, box.id)
        assert list(box.folder.glob("in/*")) == []


class RunThatFails(Scenario):
    """Half an input begins nothing, and what is whole runs."""

    def act(self, box, *, size=-3, **dying):
        words, payload = box.run_words("s1", f"echo run >>{box.tmp_path}/trace")
        return box.ask(*words, stdin=payload[:size], **dying)

    def check(self, box, died_in):
        assert not box.step("s1").exists()
        assert self.act(box, size=None).end == ("0", "-")
        assert runs(box) == ["run"]


class RunAsAnother(Run):
    """The same for a command of another user."""

    user = "daemon"
    functions = OTHER | RUNNER
    ways: tuple[str, ...] = ("sudo",)

    def begin(self, box):
        box.tmp_path.chmod(0o777)


class RunAsAnotherBySu(RunAsAnother):
    """The same for a login as root; his shell keeps the environment, and would die for the guard's."""

    functions = OTHER | RUNNER - {"g_become"}
    ways = ("su",)


class RunAsAnotherThatIsRefused(Scenario):
    """A command of a user whom the login cannot be does not begin, and it is said so."""

    user = "bin"
    functions = OTHER | RUNNER - {"g_become"}
    ways = ("sudo",)

    def act(self, box, **dying):
        command = Command("try", f"echo run >>{box.tmp_path}/trace", user=self.user)
        return box.run("s1", command, fresh=False, **dying)

    def check(self, box, died_in):
        assert self.act(box).end in (("125", "unstarted"), ("-", "unstarted"), ("-", "lost"))
        assert runs(box) == []


class RunOfALockThatIsHeldByTheDead(Run):
    """The lock of a holder who was killed is freed, also by the next one if that is killed."""

    functions = LOCK

    def begin(self, box):
        dead = subprocess.Popen(["true"])
        dead.wait()
        (box.folder / "held").write_text(f"{dead.pid} 1 {box.boot}\n")

    def check(self, box, died_in):
        super().check(box, died_in)
        assert not (box.folder / "held").exists()


class RunOnce(Scenario):
    """What is not kept runs once at most, and can be ended by whoever heard nothing of its end."""

    functions = {"", "g_become", "g_tell_end", "g_drop"}  # noqa: RUF012

    def act(self, box, **dying):
        command = f"echo run >>{box.tmp_path}/trace; exit 3"
        return box.run("s1", command, epoch=0, kept=False, **dying)

    def check(self, box, died_in):
        box.kill("s1", epoch=0)
        assert runs(box) in ([], ["run"])
        box.collect("s1", epoch=0)
        assert not box.step("s1").exists()


class Attach(Scenario):
    """Who attaches under a higher epoch gets the outcome, and the lower one is refused from then on."""

    def prepare(self, box):
        box.run("s1", "echo out; exit 3", epoch=1)

    def act(self, box, **dying):
        return box.ask("attach", box.folder, box.id, 15, "s1", 0, 0, **dying)

    def check(self, box, died_in):
        assert (box.folder / "epoch").read_text() in ("1\n", "15\n")
        answer = self.act(box)
        assert (answer.end, answer.out) == (("3", "-"), b"out\n")
        assert box.run("s2", epoch=14).words == ["refused", "epoch", "15"]


class Remove(Scenario):
    """A folder is removed by the next one, if not by the first."""

    def prepare(self, box):
        box.run("s1")

    def act(self, box, **dying):
        return box.ask("remove", box.folder, box.id, **dying)

    def check(self, box, died_in):
        assert self.act(box).words in (["ok"], ["refused", "reset"])
        assert not box.folder.exists()

    def points(self, box):
        other = box.twin("traced")
        return lines_of(other, lambda **options: self.act(other, **options))


class RemoveOfWhatRuns(Scenario):
    """The same while a command runs there: that is ended before its folder goes."""

    def begin(self, box):
        begin_quick(box)

    def act(self, box, **dying):
        return box.ask("remove", box.folder, box.id, **dying)

    def check(self, box, died_in):
        assert self.act(box).words in (["ok"], ["refused", "reset"])
        assert not box.folder.exists()
        [pid] = runs(box)
        assert not is_alive(int(pid))

    def of(self, lines):
        return _since_lock(lines)


class RemoveOfTheStubborn(RemoveOfWhatRuns):
    """The same with one that takes no notice of the first signal."""

    functions = {"g_end_step", "g_end_all", "g_await_end", "g_signal"}  # noqa: RUF012

    def begin(self, box):
        begin_stubborn(box)


class RemoveOfWhatWasClaimed(RemoveOfWhatRuns):
    """The same while a step is claimed, and not begun: it never begins."""

    functions = {"g_end_for_removal"}  # noqa: RUF012

    def prepare(self, box):
        claim(box, "s1")

    def begin(self, box):
        pass

    def check(self, box, died_in):
        assert self.act(box).words in (["ok"], ["refused", "reset"])
        assert not box.folder.exists()
        assert runs(box) == []


class Kill(Scenario):
    """It is done again, and nothing runs."""

    user = ""
    script = "echo $$ >>{0}/trace; exec sleep 100"
    ends = (("143", "cancelled"), ("143", "-"), ("-", "cancelled"))

    def begin(self, box):
        box.tmp_path.chmod(0o777)
        command = Command("try", self.script.format(box.tmp_path), user=self.user)
        process = box.begin_run("s1", command, epoch=0)
        await_runs(box)
        box.leave(process)

    def act(self, box, **dying):
        return box.kill("s1", grace=1, **dying)

    def check(self, box, died_in):
        assert box.status("s1").words[0] in ("end", "refused")
        self.act(box)
        answer = box.run("s1", f"echo again >>{box.tmp_path}/trace", fresh=False)
        assert answer.end in self.ends
        [pid] = runs(box)
        assert not is_alive(int(pid))

    def of(self, lines):
        return _since_lock(lines)


class KillOfTheStubborn(Kill):
    """The same for what takes no notice of the first signal."""

    functions = {"g_end_all", "g_await_end"}  # noqa: RUF012
    script = "trap '' TERM; echo $$ >>{0}/trace; while :; do sleep 0.05; done"
    ends = (("137", "cancelled"), ("-", "cancelled"))


class KillOfOrphans(Kill):
    """The same for what is left of a step whose runner was killed."""

    functions = OTHER | {"g_look", "g_end_all", "g_has_orphans"}

    def begin(self, box):
        super().begin(box)
        os.kill(box.runner("s1"), signal.SIGKILL)


class KillOfAnother(Kill):
    """The same for a command of another user."""

    user = "daemon"
    functions = OTHER | {"g_can_become", "g_end_all", "g_kill"}
    ways = ("sudo", "su")


class KillOfOrphansOfAnother(KillOfOrphans):
    """Both."""

    user = "daemon"
    functions = OTHER | {"g_has_orphans"}
    ways = ("sudo",)


class KillOfWhatWasNotBegun(Scenario):
    """It is done again, and the step never begins."""

    step = "unknown"

    def act(self, box, **dying):
        return box.kill(self.step, **dying)

    def check(self, box, died_in):
        assert box.status(self.step).words[0] in ("end", "refused")
        self.act(box)
        answer = box.run(self.step, f"echo run >>{box.tmp_path}/trace", fresh=False)
        assert answer.words == ["refused", "killed"] or answer.end == ("-", "killed")
        assert runs(box) == []


class KillOfWhatWasClaimed(KillOfWhatWasNotBegun):
    """The same for a step that was claimed by somebody who died before he started it."""

    step = "claimed"

    def prepare(self, box):
        claim(box, self.step)


class Collect(Scenario):
    """A collection leaves the outcome or a mark."""

    def prepare(self, box):
        box.run("s1", "exit 3")
        box.run("s1-2", "exit 3")
        (box.folder / "swept").write_text(f"{int(time.time())}\n")

    def act(self, box, **dying):
        return box.collect("s1", **dying)

    def run_again(self, box):
        return box.run("s1", f"echo run >>{box.tmp_path}/trace", fresh=False)

    def check(self, box, died_in):
        answer = self.run_again(box)
        assert answer.words == ["refused", "collected"] or answer.end == ("3", "-")
        self.act(box)
        assert self.run_again(box).words == ["refused", "collected"]
        assert runs(box) == []
        assert not box.step("s1").exists()


class CollectOfWhatLives(Scenario):
    """What runs, and what was left by a command that has ended, is not forgotten."""

    functions = {"g_forget"}  # noqa: RUF012

    def begin(self, box):
        box.run("s1-2", f"sleep 100 & echo $! >>{box.tmp_path}/trace")
        process = box.begin_run("s1", f"echo $$ >>{box.tmp_path}/trace; exec sleep 100")
        await_runs(box, 2)
        box.leave(process)

    def act(self, box, **dying):
        return box.collect("s1", **dying)

    def check(self, box, died_in):
        self.act(box)
        assert box.status("s1").lines[0][1] == "running"
        assert box.status("s1-2").end == ("0", "-")
        for pid in map(int, runs(box)):
            assert is_alive(pid)
            os.kill(pid, signal.SIGKILL)


class Sweep(Collect):
    """Likewise, if it is long ago."""

    def prepare(self, box):
        box.run("s1", "exit 3")
        box.run("s2", "exit 3")
        (box.step("s1") / "seen").write_text("1\n")  # by a sweep that is long ago
        old = box.folder / "marks" / "1"
        old.mkdir()
        (old / "k.long-ago").touch()
        (box.folder / "in" / "s9.999999999").touch()

    def act(self, box, **dying):
        (box.folder / "swept").unlink(missing_ok=True)
        return box.ask("sweep", box.folder, box.id, **dying)

    def check(self, box, died_in):
        super().check(box, died_in)
        assert not (box.folder / "marks" / "1").exists()
        assert list(box.folder.glob("in/s9.*")) == []


class Init(Scenario):
    """A folder is made by the next one."""

    def prepare(self, box):
        shutil.rmtree(box.folder)

    def act(self, box, **dying):
        return box.init(**dying)

    def check(self, box, died_in):
        assert box.init().words == ["ok"]
        assert box.run("s1", "exit 3").end == ("3", "-")

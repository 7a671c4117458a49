"""What the guard only tells or refuses, and what rare machines have it do, for it to be killed in the midst."""

import subprocess
from pathlib import Path

from tests.conftest import is_alive
from tests.locations.guard.box import path_without
from tests.locations.guard.scenarios import (
    Kill,
    Run,
    RunAsAnotherThatIsRefused,
    Scenario,
    begin_quick,
    claim,
    mark,
    runs,
)


class Refused(Scenario):
    """It is refused the next time as well, and nothing has run.

    Attributes:
        words: With what.
    """

    words: tuple[str, ...]

    def check(self, box, died_in):
        assert self.act(box).words == [*self.words]
        assert runs(box) == []


class AttachToWhatWasKilled(Refused):
    words = ("refused", "killed")

    def prepare(self, box):
        box.kill("s1")

    def act(self, box, **dying):
        return box.ask("attach", box.folder, box.id, 1, "s1", 0, 0, **dying)


class KillOfWhatWasKilled(AttachToWhatWasKilled):
    def act(self, box, **dying):
        return box.kill("s1", **dying)


class RunAfterReboot(Refused):
    """So it is for a step that may have been begun before."""

    words = ("refused", "rebooted")

    def prepare(self, box):
        box.reboot()

    def act(self, box, **dying):
        return box.run("s1", f"echo run >>{box.tmp_path}/trace", fresh=False, **dying)


class AttachAfterReboot(Refused):
    """So it is for one that ran then."""

    words = ("refused", "rebooted")

    def prepare(self, box):
        box.run("s1")
        end = box.step("s1") / "end"
        end.write_text(" " * len(end.read_text()))
        box.reboot()

    def act(self, box, **dying):
        return box.ask("attach", box.folder, box.id, 1, "s1", 0, 0, **dying)


class Nothing(Refused):
    words = ("failed", "no", "command:", "nothing")

    def act(self, box, **dying):
        return box.ask("nothing", box.folder, box.id, **dying)


class StatusOfNoStep(Refused):
    words = ("failed", "no", "id", "of", "a", "step:", "../s1")

    def act(self, box, **dying):
        return box.ask("status", box.folder, box.id, "../s1", **dying)


class StatusOfWhatNobodyMayStart(Scenario):
    """What somebody was about to end, and was killed, is told as killed."""

    def prepare(self, box):
        claim(box, "s1")
        (box.step("s1") / "started").write_text(f"0 0 - {box.boot}\n")

    def act(self, box, **dying):
        return box.ask("status", box.folder, box.id, "s1", **dying)

    def check(self, box, died_in):
        assert self.act(box).end == ("-", "killed")
        assert box.run("s1", fresh=False).end == ("-", "killed")


class Output(Scenario):
    """Output that was told in part, or not at all, is told again."""

    def prepare(self, box):
        box.run("s1", "echo out")

    def act(self, box, **dying):
        return box.ask("output", box.folder, box.id, "s1", "stdout", 0, **dying)

    def check(self, box, died_in):
        assert self.act(box).out == b"out\n"


class RunOnWhatWasRemoved(Refused):
    words = ("refused", "removed")

    def begin(self, box):
        mark(box)

    def act(self, box, **dying):
        return box.run("s1", f"echo run >>{box.tmp_path}/trace", **dying)


class InitOfWhatWasRemoved(Scenario):
    """A removal in whose midst somebody died is finished by the next one, and nothing runs on."""

    def begin(self, box):
        begin_quick(box)
        mark(box)

    def act(self, box, **dying):
        return box.ask("init", box.folder, "second", **dying)

    def check(self, box, died_in):
        answer = self.act(box)
        assert answer.words == ["ok"]
        assert answer.lines[0][1].startswith("second.")
        [pid] = runs(box)
        assert not is_alive(int(pid))
        assert list(box.folder.glob("steps/*")) == []


class RunOfALockThatIsHeldByTheLiving(Run):
    """What waits for the lock gives it up, and the next one gets it."""

    functions = {"g_break_lock"}  # noqa: RUF012

    def begin(self, box):
        holder = subprocess.Popen(["sleep", "1"])
        box.processes.append(holder)
        start = Path(f"/proc/{holder.pid}/stat").read_text().rpartition(") ")[2].split()[19]
        (box.folder / "held").write_text(f"{holder.pid} {start} {box.boot}\n")


class RunThatDies(Scenario):
    """Of a command that a signal ends, the number of the signal is told."""

    functions = {"g_runner"}  # noqa: RUF012

    def act(self, box, *, fresh=True, **dying):
        return box.run("s1", f"echo run >>{box.tmp_path}/trace; kill -9 $$", fresh=fresh, **dying)

    def check(self, box, died_in):
        assert self.act(box, fresh=False).end in (("137", "-"), ("-", "lost"))
        assert runs(box) in ([], ["run"])


class Bare(Scenario):
    """The same on a machine without `setsid`."""

    def prepare(self, box):
        box.env = box.env | {"PATH": path_without(box.tmp_path, "setsid")}
        box.remove()


class InitOfTheBare(Bare):
    def act(self, box, **dying):
        return box.init(**dying)

    def check(self, box, died_in):
        words = box.init().words
        if words[0] == "failed":  # some shells want a terminal for it
            assert words[1:] == ["neither", "setsid", "nor", "job", "control", "is", "here"]
        else:
            assert (words, box.run("s1", "exit 3").end) == (["ok"], ("3", "-"))


class RunOfTheBare(Bare, Run):
    functions = {"g_spawn"}  # noqa: RUF012

    def prepare(self, box):
        super().prepare(box)
        box.init()


class RunAsAnotherWhoIsNot(RunAsAnotherThatIsRefused):
    """The same for a user whom the machine does not have."""

    user = "nobody-of-this-name"
    ways = ("su",)


class KillOfAnotherWhomNobodyMayBe(Kill):
    """What cannot be ended, since sudo is not allowed any more, runs on until it is."""

    functions = {"g_kill", "g_end_step"}  # noqa: RUF012
    ways = ("sudo",)

    def begin(self, box):
        super().begin(box)
        (box.step("s1") / "user").write_text("bin\n")

    def check(self, box, died_in):
        assert self.act(box).words[0] == "failed"
        [pid] = runs(box)
        assert is_alive(int(pid))
        (box.step("s1") / "user").unlink()
        super().check(box, died_in)

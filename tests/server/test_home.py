from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from brookline.errors import Conflict, InvalidInput
from brookline.server.home import Home
from brookline.server.lock import HomeInUse, HomeLock, boot_id, proved_dead
from brookline.values.pace import SystemPace
from brookline.wire.heartbeats import Heartbeat

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """
import sys, pathlib
from brookline.server.home import Home
from brookline.values.pace import SystemPace
home = Home.open(pathlib.Path(sys.argv[1]), SystemPace())
home.claim(instance="inst1", name="n1", started_ms=1)
home.publish("http://127.0.0.1:1234")
print(home.id, flush=True)
sys.stdin.read()
home.leave()
"""


class Quick(SystemPace):
    def sleep(self, seconds: float) -> None:
        pass


def opened(path: Path) -> Home:
    return Home.open(path, Quick())


@pytest.fixture
def running(tmp_path):
    """A process that runs on a home."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "n1")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        process.home_id = process.stdout.readline().strip()  # type: ignore[attr-defined]
        yield process
        process.kill()


def beat(home: Path, home_id: str, instance: str = "inst1", boot: str | None = None) -> Heartbeat:
    return Heartbeat(
        instance=instance,
        name="n1",
        home=home_id,
        counter=1,
        state="MASTER",
        mode="AUTO",
        wall_ms=0,
        home_path=str(home),
        boot=boot_id() if boot is None else boot,
    )


def test_a_home_keeps_its_id_and_knows_who_ran_before(tmp_path):
    first = opened(tmp_path / "n1")
    first.claim(instance="inst1", name="n1", started_ms=1)
    first.leave()

    second = opened(tmp_path / "n1")

    assert second.id == first.id
    assert first.former == ""
    assert second.former == "inst1"
    second.leave()


def test_files_tell_of_the_running_process_and_go_with_it(tmp_path):
    home = opened(tmp_path / "n1")
    home.claim(instance="inst1", name="n1", started_ms=1)
    assert (tmp_path / "n1" / "pid.txt").read_text() == f"{os.getpid()}\n"

    home.publish("http://127.0.0.1:8081")
    assert (tmp_path / "n1" / "address").read_text() == "http://127.0.0.1:8081\n"

    home.leave()
    assert sorted(path.name for path in (tmp_path / "n1").iterdir()) == ["data", "lock"]


def test_whoever_reads_the_new_pid_finds_no_former_address(tmp_path, monkeypatch):
    former = opened(tmp_path)
    former.claim(instance="inst1", name="n1", started_ms=1)
    former.publish("http://127.0.0.1:1234")
    former._lock.release()  # as kill -9 does
    seen = []
    write = HomeLock.write
    address = tmp_path / "address"
    monkeypatch.setattr(
        HomeLock, "write", lambda *given: (seen.append(address.exists()), write(*given))
    )
    again = opened(tmp_path)
    again.claim(instance="inst2", name="n1", started_ms=2)
    assert seen == [False]
    again.leave()


def test_a_second_start_says_who_runs_there(running, tmp_path):
    with pytest.raises(HomeInUse) as refused:
        opened(tmp_path / "n1")

    text = refused.value.message
    assert f"node n1 runs there as process {running.pid} at http://127.0.0.1:1234" in text
    assert f"the home {tmp_path / 'n1'} is in use" in text


def test_the_kernel_gives_the_lock_back_and_the_death_is_proved(running, tmp_path):
    home, home_id = tmp_path / "n1", running.home_id
    assert not proved_dead(beat(home, home_id))

    running.send_signal(signal.SIGSTOP)
    assert not proved_dead(beat(home, home_id))

    running.kill()
    running.wait()

    assert proved_dead(beat(home, home_id))
    assert not proved_dead(beat(home, "another-home"))
    assert not proved_dead(beat(home, home_id, instance="inst0"))
    assert not proved_dead(beat(home, home_id, boot="another"))
    assert not proved_dead(beat(home, home_id, boot=""))
    assert not proved_dead(beat(tmp_path / "nowhere", home_id))

    again = opened(home)
    assert again.former == "inst1"
    assert not proved_dead(beat(home, home_id))
    again.claim(instance="inst2", name="n1", started_ms=2)
    again.leave()
    assert not proved_dead(beat(home, home_id))
    assert proved_dead(beat(home, home_id, instance="inst2"))


def test_a_copied_home_is_refused_while_its_original_is_there(tmp_path):
    home = opened(tmp_path / "n1")
    home.claim(instance="inst1", name="n1", started_ms=1)
    home.leave()
    shutil.copytree(tmp_path / "n1", tmp_path / "n2")

    with pytest.raises(Conflict) as refused:
        opened(tmp_path / "n2")

    assert f"this home is a copy of {tmp_path / 'n1'}" in refused.value.message
    (tmp_path / "n2" / "data" / "node.json").unlink()
    other, original = opened(tmp_path / "n2"), opened(tmp_path / "n1")
    assert other.id != original.id
    assert (other.former, original.former) == ("", "inst1")
    other.leave()
    original.leave()


def test_a_moved_home_is_itself(tmp_path):
    first = opened(tmp_path / "n1")
    first.leave()
    (tmp_path / "n1").rename(tmp_path / "n2")

    moved = opened(tmp_path / "n2")
    assert moved.id == first.id
    moved.leave()

    shutil.copytree(tmp_path / "n2", tmp_path / "n3")
    shutil.rmtree(tmp_path / "n2")
    restored = opened(tmp_path / "n3")
    assert restored.id == first.id
    assert restored.former == ""
    restored.leave()


def test_a_home_that_cannot_be_made_or_read_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="it, or something above it, is not a directory"):
        opened(tmp_path / "file")

    opened(tmp_path / "n1").leave()
    (tmp_path / "n1" / "data" / "node.json").write_text("{")
    with pytest.raises(InvalidInput, match="damaged"):
        opened(tmp_path / "n1")


def test_a_home_remembers_its_plane(tmp_path):
    home = opened(tmp_path / "n1")
    home.remember(store="/shared", plane="p1")
    home.leave()

    again = opened(tmp_path / "n1")
    assert (again.last_store, again.last_plane) == ("/shared", "p1")
    again.leave()


@pytest.mark.parametrize("name", ["address", "pid.txt", ".pid.txt"])
def test_a_home_that_cannot_be_written_while_it_starts_is_refused(tmp_path, name):
    opened(tmp_path / "n1").leave()
    (tmp_path / "n1" / name).mkdir()
    home = opened(tmp_path / "n1")
    with pytest.raises(InvalidInput, match=r"n1 cannot be written: .*name another with --home"):
        home.claim(instance="inst1", name="n1", started_ms=1)
    home.leave()
    opened(tmp_path / "n1").leave()


def test_an_address_that_cannot_be_written_is_refused(tmp_path):
    home = opened(tmp_path / "n1")
    home.claim(instance="inst1", name="n1", started_ms=1)
    (tmp_path / "n1" / ".address").mkdir()
    with pytest.raises(InvalidInput, match="n1 cannot be written"):
        home.publish("http://127.0.0.1:1")
    home.leave()

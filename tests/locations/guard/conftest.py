import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from tests.locations.guard.box import PROGRAMS, SHELLS, Box, plain_shell, shell
from tests.locations.guard.sudo import Sudo, as_login


def missing(what):
    """Skip a test for what is missing here; in CI, where all has to be, fail it."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def there_is(name):
    """Make sure that a shell is to be had here."""
    if shell(name) is None:
        missing(f"no {name} is here: {PROGRAMS[name]}; see 'make shells'")


@pytest.fixture(params=SHELLS)
def name(request):
    """Name of a shell."""
    there_is(request.param)
    return request.param


@pytest.fixture
def boxes(tmp_path):
    """Make boxes, whose steps end with the test."""
    made = []

    def make(name="dash", *, folder=None, **kwargs):
        folder = folder or tmp_path / str(len(made))
        folder.mkdir()
        made.append(Box(folder, name, **kwargs))
        return made[-1]

    yield make
    for box in made:
        for started in box.tmp_path.rglob("steps/*/started"):
            group = int(started.read_text().split()[0])
            with contextlib.suppress(ProcessLookupError):
                if group:
                    os.killpg(group, signal.SIGKILL)
        for process in box.processes:
            box.leave(process)


@pytest.fixture
def box(boxes, name):
    """A box under each shell."""
    box = boxes(name)
    box.init()
    return box


@pytest.fixture
def plain(boxes):
    """A box under the shell of this host."""
    box = boxes(plain_shell())
    box.init()
    return box


@pytest.fixture
def until():
    def wait(holds, deadline_s=20.0):
        deadline = time.monotonic() + deadline_s
        while not (found := holds()):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        return found

    return wait


@pytest.fixture
def root():
    if os.geteuid() != 0:
        missing("only root may be other users here, and say what sudo allows them")


@pytest.fixture
def sudo(root):
    """Allow the ordinary login what he needs."""
    if not shutil.which("sudo"):
        missing("no sudo is here; see .ci/sudo")
    with Sudo() as sudo:
        sudo.allow()
        tried = as_login("sudo", "-n", "-u", "daemon", "true")
        if (said := subprocess.run(tried, capture_output=True, check=False)).returncode:
            missing(f"sudo does not work here: {said.stderr.decode()}")
        yield sudo


@pytest.fixture
def public():
    """A folder in which all users may write."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)

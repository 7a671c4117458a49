import subprocess

import pytest

from brookline.errors import CommandFailed
from brookline.locations.command import Command, Finished, words


@pytest.mark.parametrize(
    ("finished", "message"),
    [
        pytest.param(Finished(2, "out", ""), "launch ended with exit code 2: out", id="stdout"),
        pytest.param(
            Finished(2, "out", "first\nlast\n"), "launch ended with exit code 2: last", id="stderr"
        ),
        pytest.param(Finished(-9), "launch was killed by signal 9", id="signal"),
        pytest.param(
            Finished(-1, timed_out=True),
            "launch did not end within 5s and was killed",
            id="time-out",
        ),
    ],
)
def test_a_failure_says_how_it_came(finished, message):
    with pytest.raises(CommandFailed) as failure:
        finished.checked(Command("launch", "x", timeout_s=5))
    assert failure.value.message == message
    assert failure.value.exit_code == finished.exit_code


def test_what_ended_well_is_returned():
    finished = Finished(0, "out")
    assert finished.checked(Command("launch", "x")) is finished


def test_words_reach_a_shell_literally():
    hard = ["a b", "$HOME", "'", '"', "*", "\n", "", ";rm"]
    line = words("printf", "%s|", *hard)
    output = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=True).stdout
    assert output.decode() == "".join(f"{one}|" for one in hard)

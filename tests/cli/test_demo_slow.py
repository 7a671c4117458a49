"""What the demo says of its installation is seen, and not only hoped for."""

from __future__ import annotations

import pytest

from brookline.cli.demo.narration import Narration
from brookline.cli.demo.slow import COMMANDS, PARTS, SlowInstallation
from brookline.cli.demo.stage import NotSeen, Stage
from brookline.cli.output import Output
from brookline.client.client import Client
from brookline.testing.http_plane import Reply
from brookline.values.pace import SystemPace

PACE = SystemPace()
ONCE = [f"{what} {command} 17" for command in COMMANDS for what in ("begin", "end")]
WHOLE = "".join(f"part {number + 1} of {PARTS}\n" for number in range(PARTS))
STEPS = {
    "check-installed": -10, "provision": -50, "pre-install-command": -20,
    "install": 3_600_000, "customize": 3_600_100, "launch": 3_600_200,
}  # fmt: skip
"""When each ended, in milliseconds after its master; some not before the test does."""

TAKEN = {"count": 1, "finished": 3, "attached": 1, "resumed": 0}


def step(name, after_ms):
    """Return the task of a step, as the API tells of it."""
    ended = PACE.wall_ms() + after_ms
    task_id = "step" if name == "install" else name
    streams = {"stdout": {}} if name == "install" else {}
    return {"id": task_id, "displayName": name, "endTimeUtc": ended, "streams": streams}


@pytest.fixture
def finish(plane, tmp_path):
    """Has the installation end so, and looks at it."""
    stage = Stage(tmp_path, PACE)
    slow = SlowInstallation(stage, Narration(PACE, Output()))

    def run(lines=ONCE, output=WHOLE, taken=TAKEN, steps=STEPS, **task):
        below = {name: step(name, after_ms) for name, after_ms in steps.items()}
        plane.answers["GET /v1/activities/start/children/recurse"] = below
        plane.answers["GET /v1/activities/step/stream/stdout"] = Reply(200, output)
        ended = {"id": "start", "currentStatus": "Completed", "takenUp": taken, **task}
        plane.answers["GET /v1/activities/start"] = ended
        (tmp_path / "trace").write_text("".join(f"{line}\n" for line in lines))
        plane["n1"].misbehave(lambda _node, _seen: Reply(201, {"id": "start"}))
        with Client(plane.urls) as client:
            slow.begin(client)
            slow.dies(client)
            slow.finish(client)
        return slow.summary

    return run


def test_its_summary_says_what_was_finished_attached_and_resumed(finish):
    assert finish() == (
        "The installation was taken up once. Found finished: provision, pre-install-command,"
        " check-installed. Attached to: install. Resumed by running it again: none."
    )


@pytest.mark.parametrize(
    "steps",
    [{**STEPS, "install": -1}, {**STEPS, "provision": 3_600_000}, {**STEPS, "customize": -1}],
    ids=["install had ended", "one had not", "another had"],
)
def test_what_had_not_ended_is_not_called_finished(finish, steps):
    with pytest.raises(NotSeen, match="taken up once"):
        finish(steps=steps)


def test_a_command_that_ran_twice_is_seen(finish):
    with pytest.raises(NotSeen, match="each command ran once"):
        finish(lines=[*ONCE, ONCE[-2], ONCE[-1]])


def test_commands_out_of_order_are_seen(finish):
    with pytest.raises(NotSeen, match="each command ran once"):
        finish(lines=ONCE[::-1])


def test_a_line_twice_is_seen(finish):
    with pytest.raises(NotSeen, match="no gap and no line twice"):
        finish(output=f"part 1 of {PARTS}\n{WHOLE}")


def test_a_gap_is_seen(finish):
    with pytest.raises(NotSeen, match="no gap and no line twice"):
        finish(output=WHOLE.replace("part 7 ", "part 8 "))


def test_a_failed_installation_is_seen(finish):
    with pytest.raises(NotSeen, match="goes on to its end"):
        finish(isError=True)


@pytest.mark.parametrize(
    "taken", [None, {**TAKEN, "attached": 0}, {**TAKEN, "resumed": 1}, {**TAKEN, "count": 2}],
    ids=["never", "not attached", "resumed", "twice"],
)  # fmt: skip
def test_another_way_of_taking_up_is_seen(finish, taken):
    with pytest.raises(NotSeen, match="taken up once"):
        finish(taken=taken)

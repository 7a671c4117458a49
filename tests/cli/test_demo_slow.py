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
TAKEN = {"count": 1, "finished": 3, "attached": 1, "resumed": 0}


@pytest.fixture
def finish(plane, tmp_path):
    """Has the installation end so, and looks at it."""
    install = {"id": "step", "displayName": "install", "streams": {"stdout": {}}}
    plane.answers["GET /v1/activities/start/children/recurse"] = {"step": install}
    stage = Stage(tmp_path, PACE)
    slow = SlowInstallation(stage, Narration(PACE, Output()))

    def run(lines=ONCE, output=WHOLE, taken=TAKEN, **task):
        plane.answers["GET /v1/activities/step/stream/stdout"] = Reply(200, output)
        ended = {"id": "start", "currentStatus": "Completed", "takenUp": taken, **task}
        plane.answers["GET /v1/activities/start"] = ended
        (tmp_path / "trace").write_text("".join(f"{line}\n" for line in lines))
        plane["n1"].misbehave(lambda _node, _seen: Reply(201, {"id": "start"}))
        with Client(plane.urls) as client:
            slow.begin(client)
            slow.finish(client)
        return slow.summary

    return run


def test_its_summary_says_what_was_finished_attached_and_resumed(finish):
    assert finish() == (
        "The installation was taken up once: 3 steps were found finished, 1 (install) was attached"
        " to, 0 were resumed."
    )


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

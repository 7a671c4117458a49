import pytest

from brookline.operations import texts
from brookline.operations.task import Status, Task


def task(status, **fields):
    return Task(id="t1", name="start", status=status, started_ms=1000, **fields)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        pytest.param(task(Status.SUBMITTED), "Submitted for execution", id="submitted"),
        pytest.param(task(Status.RUNNING), "In progress for 500ms", id="running"),
        pytest.param(
            task(Status.RUNNING, waits_for="for the store"),
            "In progress for 500ms, waiting for the store",
            id="waiting",
        ),
        pytest.param(
            task(Status.COMPLETED, ended_ms=2050, result=0),
            "Completed after 1.05s\n\nResult: 0",
            id="result",
        ),
        pytest.param(
            task(Status.COMPLETED, ended_ms=1020),
            "Completed after 20ms\n\nNo return value (null)",
            id="no-result",
        ),
        pytest.param(
            task(Status.FAILED, ended_ms=1020, error="no route\n\nTraceback"),
            "Failed after 20ms: no route\n\nTraceback",
            id="failed",
        ),
        pytest.param(
            task(Status.CANCELLED, ended_ms=1020, error="start was cancelled"),
            "Cancelled after 20ms: start was cancelled",
            id="cancelled",
        ),
        pytest.param(
            task(Status.INTERRUPTED, ended_ms=1020, error="call again"),
            "Interrupted after 20ms: call again",
            id="interrupted",
        ),
    ],
)
def test_the_detailed_status_says_how_it_stands(one, expected):
    assert texts.detailed_status(one, now_ms=1500) == expected


def test_amps_clients_see_interrupted_work_as_failed():
    one = task(Status.INTERRUPTED, error="call again")
    assert (texts.current_status(one), texts.is_error(one)) == ("Failed", True)
    assert texts.result_of(one) == "call again"


def test_tags_name_the_entity_and_the_call():
    one = task(
        Status.RUNNING, entity_id="e1", effector="start", params={"a": 1}, tags=("EFFECTOR",)
    )
    assert texts.tags_of(one) == [
        "EFFECTOR",
        {"wrappingType": "targetEntity", "entity": {"type": texts.ENTITY_TYPE, "id": "e1"}},
        {"entityId": "e1", "effectorName": "start", "effectorParams": {"a": 1}},
    ]


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0ms"), (999, "999ms"), (1000, "1s"), (1050, "1.05s"), (61_000, "1m 1s"),
     (3_900_000, "1h 5m"), (90_000_000, "1d 1h"), (-5, "0ms")],
)  # fmt: skip
def test_durations_read_well(ms, text):
    assert texts.duration_text(ms) == text


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        ({"count": 1, "at": 4_000, "strikes": 0}, "Taken up once, 1s ago"),
        (
            {"count": 3, "at": 2_000, "by": "ann", "finished": 2, "attached": 1, "resumed": 0},
            "Taken up 3 times, 3s ago (resumed by ann); its steps: 2 finished, 1 attached",
        ),
    ],
    ids=["once", "resumed"],
)
@pytest.mark.parametrize("status", ["running", "completed", "failed"])
def test_what_was_taken_up_says_so(taken, said, status):
    task = Task(id="t", name="start")
    task.take({"name": "start", "status": status, "started": 1_000, "taken": taken})
    assert texts.detailed_status(task, 5_000).split("\n\n")[-1] == said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("interrupted: nobody knows.\n\nResume it", "nobody knows.\n\nResume it"),
        ("interrupted, and it was abandoned by ann: no.", "it was abandoned by ann: no."),
    ],
    ids=["open", "resolved"],
)
def test_an_interrupted_task_says_it_once(error, said):
    one = task(Status.INTERRUPTED, ended_ms=3000, error=error)
    assert texts.detailed_status(one, 9000) == f"Interrupted after 2s: {said}"

import pytest

from brookline.operations.retention import Limits, outdated
from brookline.operations.task import Status, Task


def ended(at_ms, **fields):
    name = fields.pop("name", "start")
    return Task(id=f"t{at_ms}", name=name, status=Status.COMPLETED, ended_ms=at_ms, **fields)


def dropped(tasks, now_ms=100, **limits):
    return [task.id for task in outdated(tasks, Limits(**limits), now_ms)]


def test_the_newest_of_a_name_are_kept_for_each_entity():
    tasks = [ended(n, entity_id="e1") for n in range(4)]
    tasks += [ended(10, entity_id="e2"), ended(11, entity_id="e1", name="stop")]
    assert dropped(tasks, per_name=2) == ["t1", "t0"]


def test_of_those_that_ended_at_the_same_moment_the_last_to_begin_are_kept():
    tasks = [ended(5) for _ in range(4)]
    for number, task in enumerate(tasks):
        task.id = f"t{number}"
    assert dropped(tasks, per_name=2) == ["t1", "t0"]


def test_what_runs_is_kept():
    running = Task(id="t", name="start", status=Status.RUNNING)
    assert dropped([running], per_name=0, per_entity=0, total=0) == []


def undecided(at_ms, **fields):
    task = ended(at_ms, **fields)
    task.status = Status.INTERRUPTED
    return task


def test_what_waits_for_a_decision_is_kept_beside_what_has_ended():
    waiting = [undecided(n) for n in range(3)]
    done = [ended(n) for n in (10, 11)]
    assert dropped([*waiting, *done], per_name=2, per_entity=2) == []
    waiting[0].interruption = {"resolved": {"how": "abandoned"}}
    assert dropped([*waiting, *done], per_name=2, per_entity=2) == ["t0"]


@pytest.mark.parametrize("limit", [{"total": 1}, {"total_bytes": 1}, {"age_s": 0.001}], ids=repr)
def test_what_waits_for_a_decision_is_not_forgotten_for_any_other_limit(limit):
    waiting = [undecided(n, streams={"stdout": 10_000}) for n in range(3)]
    assert dropped(waiting, **limit) == []
    assert dropped([*waiting, ended(100)], total=1) == []
    waiting[1].interruption = {"resolved": {"how": "replayed"}}
    assert dropped([*waiting, ended(100)], **limit, per_name=1) == (
        ["t100", "t1"] if "total_bytes" in limit else ["t1"]
    )


def test_what_waits_for_a_decision_has_a_limit_of_its_own():
    waiting = [undecided(n) for n in range(4)]
    waiting[3].children.append(ended(50))
    assert dropped([*waiting, ended(10)], undecided=2) == ["t1", "t0"]


@pytest.mark.parametrize(
    "field",
    [
        {"work": {"do": "x" * 10_000}},
        {"interruption": {"reason": "x" * 10_000, "resolved": {"how": "abandoned"}}},
        {"taken": {"by": "x" * 10_000}},
        {"done": {"remembered#1": "x" * 10_000}},
        {"failure": {"message": "x" * 10_000}},
        {"result": ["x" * 10_000]},
        {"error": "x" * 10_000},
        {"params": {"a": "x" * 10_000}},
    ],
    ids=lambda field: next(iter(field)),
)
def test_all_that_is_recorded_of_a_task_weighs(field):
    tasks = [ended(n, name=f"n{n}", **field) for n in range(3)]
    assert dropped(tasks, total_bytes=25_000) == ["t0"]
    assert dropped([ended(n, name=f"n{n}") for n in range(3)], total_bytes=25_000) == []


def test_tasks_of_an_entity_are_bounded():
    assert dropped([ended(n, name=f"n{n}") for n in range(3)], per_entity=2) == ["t0"]


def test_parts_count_for_the_total():
    tasks = [ended(n, name=f"n{n}") for n in range(3)]
    tasks[2].children.append(ended(50))
    assert dropped(tasks, total=3) == ["t0"]


def test_old_ones_go():
    assert dropped([ended(10), ended(90)], age_s=0.05) == ["t10"]


def test_bytes_of_streams_count():
    tasks = [ended(n, name=f"n{n}", streams={"stdout": 10_000}) for n in range(3)]
    assert dropped(tasks, total_bytes=25_000) == ["t0"]


def test_what_is_not_kept_of_a_stream_does_not_count():
    tasks = [ended(n, name=f"n{n}", streams={"stdout": 10**12}) for n in range(2)]
    assert dropped(tasks, total_bytes=20 * 1024 * 1024) == []

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


def test_what_runs_is_kept():
    running = Task(id="t", name="start", status=Status.RUNNING)
    assert dropped([running], per_name=0, per_entity=0, total=0) == []


def test_what_waits_for_a_decision_is_kept_beside_what_has_ended():
    waiting = [ended(n) for n in range(3)]
    for task in waiting:
        task.status = Status.INTERRUPTED
    done = [ended(n) for n in (10, 11)]
    assert dropped([*waiting, *done], per_name=2, per_entity=2) == []
    waiting[0].interruption = {"resolved": {"how": "abandoned"}}
    assert dropped([*waiting, *done], per_name=2, per_entity=2) == ["t0"]
    assert dropped(waiting, total=1) == ["t1", "t0"]


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

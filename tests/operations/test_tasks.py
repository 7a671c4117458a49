import pytest

from brookline.errors import NotFound
from brookline.journal.records import Records
from brookline.operations.task import KIND, Status, Task, child_id
from brookline.operations.tasks import Tasks


def whole(**fields):
    return {"name": "start", "status": "running", "entity": "e1", "submitted": 1, **fields}


def test_tasks_are_built_from_records_with_their_ties():
    records = Records()
    records.put(KIND, "t1", whole())
    records.put(KIND, "t2", whole(parent="t1", name="launch", status="failed", error="no"))
    tasks = Tasks()
    tasks.reset(records)
    top = tasks.get("t1")
    assert [child.id for child in top.children] == ["t2"]
    assert tasks.get("t2").parent is top
    assert tasks.get("t2").status is Status.FAILED
    assert [task.id for task in tasks.of_entity("e1")] == ["t1", "t2"]
    assert list(tasks.top_level()) == [top]


def test_a_task_goes_with_its_record():
    tasks = Tasks()
    tasks.refresh("t1", whole())
    tasks.refresh("t2", whole(parent="t1"))
    top = tasks.get("t1")
    tasks.refresh("t2", None)
    assert top.children == []
    tasks.refresh("t1", None)
    assert tasks.find("t1") is None
    assert tasks.of_entity("e1") == []
    with pytest.raises(NotFound, match="t1"):
        tasks.get("t1")


def test_a_task_that_runs_here_is_ahead_of_its_record():
    tasks = Tasks()
    task = Task(id="t1", name="start", status=Status.RUNNING, owned=True)
    tasks.add(task)
    tasks.refresh("t1", whole(status="submitted"))
    assert task.status is Status.RUNNING


def handed_over():
    """Return an operation that ran here with a part, and was handed over; by its tasks."""
    tasks = Tasks()
    tasks.refresh("t1", whole())
    tasks.refresh("t2", whole(parent="t1"))
    for task_id in ("t1", "t2"):
        task = tasks.get(task_id)
        task.waits_for, task.blocked_by = "for the next master", tasks.get("t1")
    return tasks


def test_what_was_handed_over_waits_until_another_goes_on_with_it():
    tasks = handed_over()
    tasks.refresh("t1", whole(streams={"stdout": 1}))
    tasks.refresh("t2", whole(parent="t1", streams={"stdout": 1}))
    assert {tasks.get(one).waits_for for one in ("t1", "t2")} == {"for the next master"}
    tasks.refresh("t1", whole(taken={"count": 1}))
    for one in map(tasks.get, ("t1", "t2")):
        assert (one.waits_for, one.blocked_by) == ("", None)


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "interrupted"])
def test_what_has_ended_elsewhere_waits_for_nothing(status):
    tasks = handed_over()
    tasks.refresh("t2", whole(parent="t1", status=status))
    assert (tasks.get("t1").waits_for, tasks.get("t2").waits_for) == ("for the next master", "")
    tasks.refresh("t1", whole(status=status))
    assert tasks.get("t1").waits_for == ""


async def test_whoever_waits_learns_of_an_end_that_came_as_a_record():
    tasks = Tasks()
    tasks.refresh("t1", whole())
    task = tasks.get("t1")
    assert not await task.wait(0)
    records = Records()
    records.put(KIND, "t1", whole(status="completed", result=[]))
    tasks.reset(records)
    assert await task.wait(0)
    assert task.result == []


def test_a_record_and_a_task_hold_the_same():
    task = Task(id="t1", name="start", result=[], params={"a": 1}, tags=("EFFECTOR",))
    task.status, task.streams = Status.COMPLETED, {"stdout": 3}
    copy = Task(id="t1", name="")
    copy.take(task.to_value())
    assert copy.to_value() == task.to_value()
    assert (copy.result, copy.streams, copy.tags) == ([], {"stdout": 3}, ("EFFECTOR",))


def test_ids_of_parts_differ_by_parent_and_by_key():
    ids = {child_id(parent, key) for parent in ("t1", "t2") for key in ("a#1", "a#2", "b#1")}
    assert len(ids) == 6
    assert child_id("t1", "a#1") == child_id("t1", "a#1")
    assert all(len(one) == 12 and one.isalnum() and one.islower() for one in ids)


def test_a_part_that_comes_before_what_it_is_a_part_of_is_tied_to_that_too():
    tasks = Tasks()
    part, whole = Task("t1", "step", parent_id="t0"), Task("t0", "work")
    tasks.add(part)
    tasks.add(whole)
    assert (part.parent, whole.children) == (whole, [part])
    assert list(tasks.top_level()) == [whole]


def test_a_part_that_goes_before_what_it_is_a_part_of_comes_is_not_tied_to_that():
    tasks = Tasks()
    part, whole = Task("t1", "step", parent_id="t0"), Task("t0", "work")
    tasks.add(part)
    tasks.forget(part)
    tasks.add(whole)
    assert whole.children == []

"""What masters make of records that others left, over any history: held against a plain model."""

from __future__ import annotations

import dataclasses

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from brookline.journal.records import Records
from brookline.operations import resolving, taking_up
from brookline.operations.interruption import Cause
from brookline.operations.locks import held, taken, turns_of
from brookline.operations.opening import SOON_S, unfinished
from brookline.operations.task import KIND, Status, Task, begun, child_id
from brookline.wire.changes import Merge, Put

FEW = 2
"""Operations that are taken up at the same time here."""


@dataclasses.dataclass
class Whole:
    """What should be known of an operation."""

    id: str
    has_work: bool
    since_s: float
    strikes: int = 0
    settled: bool = False
    waits: bool = False
    cause: Cause | None = None
    parts: list[Part] = dataclasses.field(default_factory=list)
    root: Whole = dataclasses.field(init=False)
    ended: bool = False

    def __post_init__(self):
        self.root = self
        self.task = Task(self.id, "work", work={"do": "test"} if self.has_work else {})


@dataclasses.dataclass
class Part:
    """What should be known of a part."""

    id: str
    root: Whole
    once: bool
    ended: bool = False

    def __post_init__(self):
        self.task = Task(self.id, "step", once=self.once)


class Masters(RuleBasedStateMachine):
    """Work that is begun, goes on and ends, under masters that come and die."""

    tasks = Bundle("tasks")

    def __init__(self):
        super().__init__()
        self.bound, taking_up.AT_ONCE = taking_up.AT_ONCE, FEW
        self.records = Records()
        self.now_s = 1000.0
        self.epoch = 1
        self.count = 0
        self.wholes: list[Whole] = []
        self.holder: Whole | Part | None = None

    def teardown(self):
        taking_up.AT_ONCE = self.bound

    @property
    def now_ms(self):
        return round(self.now_s * 1000)

    def status(self, one):
        return Status(self.records.get(KIND, one.id)["status"])

    @rule(target=tasks, has_work=st.sampled_from([True, True, True, False]))
    def begin(self, has_work):
        whole = Whole(f"t{len(self.wholes)}", has_work, self.now_s)
        whole.task.submitted_ms = self.now_ms
        self.records.apply([begun(whole.task)])
        self.wholes.append(whole)
        return whole

    @rule(target=tasks, above=tasks, once=st.booleans())
    def begin_part(self, above, once):
        root = above.root
        self.count += 1
        part = Part(child_id(above.id, f"step#{self.count}"), root, once)
        if above.ended or root.ended or root.cause:
            return part
        part.task.parent_id, part.task.status = above.id, Status.RUNNING
        part.task.parent = above.task
        self.records.apply([Put(KIND, part.id, part.task.to_value())])
        root.parts.append(part)
        return part

    @rule(part=consumes(tasks))
    def end(self, part):
        root = part.root
        if root.cause or root.ended or part.ended or self.records.get(KIND, part.id) is None:
            return
        # As the ledger does: what was begun below has ended with it.
        for one in [part, *(one for one in root.parts if self.is_below(one, part))]:
            one.ended = True
            ends = {"status": "completed", "ended": self.now_ms}
            self.records.apply([Merge(KIND, one.id, ends)])

    @rule(one=tasks, turn=st.integers(1, 3))
    def lock(self, one, turn):
        if one.ended or one.root.ended or one.root.cause or not self.records.get(KIND, one.id):
            return
        operation = type("Held", (), {"task": one.task, "root": one.root})
        self.records.apply([taken(operation, "e1", turn)])
        self.records.apply([Merge(KIND, one.id, {f"+lock e1#{turn}": True})])
        self.holder = one

    @rule(one=tasks)
    def come_to_turn(self, one):
        whole = one.root
        if whole.waits and not whole.ended and not whole.cause:
            taken = taking_up.begun_at(self.records.get(KIND, whole.id)["taken"], self.now_ms)
            self.records.apply([Merge(KIND, whole.id, {"taken": taken})])
            whole.waits, whole.since_s = False, self.now_s

    @rule(one=tasks)
    def settle(self, one):
        if not one.root.ended and not one.root.cause and not one.root.waits:
            one.root.settled = True
            self.records.apply([Merge(KIND, one.root.id, {"settled": True})])

    @rule(seconds=st.sampled_from([1.0, 20.0, SOON_S + 1, 1000.0]))
    def time_passes(self, seconds):
        self.now_s += seconds

    @rule()
    def fail_over(self):
        self.epoch += 1
        found = unfinished(self.records, self.now_ms, epoch=self.epoch)
        self.records.apply(found.changes)
        going_on = []
        for whole in self.wholes:
            if whole.ended or whole.cause:
                continue
            soon = not whole.settled and self.now_s - whole.since_s <= SOON_S
            if not whole.waits:
                whole.strikes = whole.strikes + 1 if soon else 0
            whole.since_s, whole.settled = self.now_s, False
            if any(part.once and not part.ended for part in whole.parts):
                whole.cause = Cause.ONCE
            elif whole.strikes >= 2:
                whole.cause = Cause.SUSPECT
            elif not whole.has_work:
                whole.cause = Cause.CUT_OFF
            else:
                whole.waits = len(going_on) >= FEW
                going_on.append(whole.id)
        assert found.going_on == going_on

    @rule(one=tasks)
    def resume(self, one):
        whole = one.root
        if whole.cause is None or not whole.has_work:
            return
        found = resolving.find(self.records, [whole.id, *(part.id for part in whole.parts)])
        self.records.apply(resolving.resume(found, "ann", self.now_ms))
        whole.cause, whole.strikes, whole.settled, whole.waits = None, 0, False, False
        if self.holder is not None and self.holder.root is whole:
            self.holder = None  # until it comes there again
        whole.since_s = self.now_s
        for part in whole.parts:
            part.once = part.once and part.ended
        assert not any(turns_of(self.records.get(KIND, i.id)) for i in self.unended(whole))

    @invariant()
    def records_say_what_the_model_says(self):
        for whole in self.wholes:
            value = self.records.get(KIND, whole.id)
            if whole.cause:
                assert value["interruption"]["cause"] == whole.cause.value
            else:
                assert self.status(whole).ended == whole.ended
                assert "interruption" not in value
                assert taking_up.waits(value.get("taken", {})) == whole.waits
            for part in whole.parts:
                assert self.status(part).ended == (part.ended or bool(whole.cause)), part
                assert (self.status(part) is Status.COMPLETED) == part.ended

    @invariant()
    def a_lock_is_held_by_its_last_holder_as_long_as_that_runs(self):
        one = self.holder
        runs = one is not None and not one.ended and not one.root.ended and not one.root.cause
        assert set(held(self.records)) == ({"e1"} if runs else set())

    def unended(self, whole):
        return [one for one in (whole, *whole.parts) if not one.ended]

    def is_below(self, part, above):
        task = part.task
        while task is not None and task is not above.task:
            task = task.parent
        return task is above.task


TestMasters = Masters.TestCase
TestMasters.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)

"""The checker finds each kind of broken promise in a history, and none in a good one."""

from __future__ import annotations

import msgspec
import pytest
from tests.lab.checker.verdict import judge
from tests.lab.history import (
    ADD,
    CHILD,
    COMMAND,
    DONE,
    NOT_DONE,
    READ,
    UNKNOWN,
    Entry,
    Fault,
    History,
    Op,
    Ran,
    Sight,
    Try,
    View,
    load,
    save,
)
from tests.lab.picture import draw


def asked(outcome, *, node="n1", at=1.0, seq=0, epoch=1, status=0, why=""):
    if outcome == DONE:
        status = 200
    return Try(node, at, at + 0.1, outcome, status=status, seq=seq, epoch=epoch, why=why)


def op(item, *tries, kind=ADD, where="shelf", client="c1", number=1, **more):
    return Op(client, number, kind, where, item, tries=tries, **more)


def read(number, *, new=(), gone=(), seq=9, token=0, client="c1"):
    tries = (asked(DONE, seq=seq),)
    return Op(client, number, READ, "shelf", token=token, tries=tries, new=new, gone=gone)


def entry(seq, kind="batch", *items, epoch=1, node="a", **more):
    return Entry(seq, epoch, kind, node, items=items, **more)


def view(node="n1", sensors=("x",), children=("y",)):
    return View(node, 9, {"shelf": sensors}, {"rack": children})


GOOD = History(
    seed=1, store="directory", network="namespaces", nodes=("n1", "n2"), clients=("c1",),
    seconds=3.0, recovered_s=0.2,
    ops=(
        op("x", asked(UNKNOWN), asked(DONE, seq=4)),
        op("y", asked(DONE, seq=5), kind=CHILD, where="rack", number=2),
        op("z", asked(NOT_DONE, why="503"), number=3),
        op("w", asked(UNKNOWN), number=4),
        read(5, new=("x",), token=5),
        op("k", asked(DONE, seq=6, epoch=2), kind=COMMAND, where="machine", number=6),
        op("l", asked(UNKNOWN), kind=COMMAND, where="machine", number=7),
    ),
    faults=(Fault(0.5, 1.0, "kill -9", ("n1",)), Fault(1.0, 2.0, "store stopped", ("store",))),
    sights=(Sight(0.0, "n1", "MASTER"), Sight(0.6, "n1", "silent"), Sight(0.0, "n2", "STANDBY")),
    log=(
        entry(1, "fence"), entry(2, "active"), entry(3), entry(4, "batch", "add shelf x"),
        entry(5, "batch", "child rack y"),
        entry(6, "fence", epoch=2, node="b"), entry(7, "active", epoch=2, node="b"),
    ),
    ran=(Ran("k", "machine", 1, 10.0), Ran("l", "machine", 2, 11.0)),
    views=(view("n1"), view("n2")),
)  # fmt: skip


def changed(**fields):
    return msgspec.structs.replace(GOOD, **fields)


def logged(*entries):
    return changed(log=(*GOOD.log[:3], *entries))


def with_op(*ops):
    return changed(ops=(*GOOD.ops, *ops))


BAD = {
    "an acknowledged write is in no view": (
        "lost: x (add at shelf) was acknowledged, and is not shown by n1, n2",
        changed(views=(view("n1", sensors=()), view("n2", sensors=()))),
    ),
    "one node does not show it": (
        "lost: y (child at rack) was acknowledged, and is not shown by n2",
        changed(views=(view("n1"), view("n2", children=()))),
    ),
    "it is in no entry": (
        "lost: x (add at shelf) was acknowledged, and is not in the log",
        logged(entry(4), *GOOD.log[4:]),
    ),
    "it is in two entries": (
        "doubled: x (add at shelf) is done in entries 4, 5",
        logged(entry(4, "batch", "add shelf x"), entry(5, "batch", "add shelf x", "child rack y")),
    ),
    "it is twice in one entry": (
        "doubled: x (add at shelf) is done in entries 4, 4",
        logged(
            entry(4, "batch", "add shelf x", "add shelf x"), entry(5, "batch", "child rack y")
        ),
    ),
    "a child is there twice": (
        "doubled: y (child at rack) is there 2 times, as n1 shows",
        changed(views=(view("n1", children=("y", "y")), view("n2"))),
    ),
    "what was called not done is in the log": (
        "done all the same: z (add at shelf) is in entry 4; its client heard: 503 by n1",
        logged(entry(4, "batch", "add shelf x", "add shelf z"), *GOOD.log[4:]),
    ),
    "what was called not done is shown": (
        "done all the same: z (add at shelf) is shown by ['n1']; its client heard: 503 by n1",
        changed(views=(view("n1", sensors=("x", "z")), view("n2"))),
    ),
    "something was asked by nobody": (
        "from nowhere: 'add shelf q' of entry 4 was asked by nobody",
        logged(entry(4, "batch", "add shelf x", "add shelf q"), *GOOD.log[4:]),
    ),
    "an answer came before its entry": (
        "early answer: x (add at shelf) is entry 4, and its answer says 3",
        changed(ops=(op("x", asked(DONE, seq=3)), *GOOD.ops[1:])),
    ),
    "an old master acknowledged what the next one did": (
        "early answer: x (add at shelf) is of epoch 1, and its answer says 0",
        changed(ops=(op("x", asked(DONE, seq=4, epoch=0)), *GOOD.ops[1:])),
    ),
    "what a client saw is gone": (
        "went back: c1 does not see x at shelf any more, which it saw before",
        with_op(read(8, gone=("x",))),
    ),
    "a client does not see its own write": (
        "own write unseen: c1 does not see its own x at shelf",
        changed(ops=(GOOD.ops[0], GOOD.ops[1], *GOOD.ops[2:4], read(5))),
    ),
    "an answer is older than what was shown": (
        "old answer: n1 answered as of 4 to a client that showed 5",
        with_op(read(8, seq=4, token=5)),
    ),
    "a command ran twice": (
        "ran twice: command k was run 2 times",
        changed(ran=(*GOOD.ran, Ran("k", "machine", 2, 12.0))),
    ),
    "an answered command did not run": (
        "never ran: command k was acknowledged, and was not run",
        changed(ran=GOOD.ran[1:]),
    ),
    "a command ran that was called not done": (
        "done all the same: command m was run, though it was called not done",
        changed(
            ops=(*GOOD.ops, op("m", asked(NOT_DONE), kind=COMMAND, where="machine")),
            ran=(*GOOD.ran, Ran("m", "machine", 2, 12.0)),
        ),
    ),
    "a command was asked for by nobody": (
        "from nowhere: command q was run, and was asked for by nobody",
        changed(ran=(*GOOD.ran, Ran("q", "machine", 2, 12.0))),
    ),
    "an old master commands a machine": (
        "past epoch: command l was claimed at machine under epoch 1, after k under epoch 2",
        changed(ran=(Ran("k", "machine", 2, 10.0), Ran("l", "machine", 1, 11.0))),
    ),
    "an epoch is active twice": (
        "two actives: epoch 2 became active 2 times",
        changed(log=(*GOOD.log, entry(8, "active", epoch=2, node="b"))),
    ),
    "two nodes write one epoch": (
        "two writers: epoch 2 was written by ['b', 'c']",
        changed(log=(*GOOD.log, entry(8, epoch=2, node="c"))),
    ),
    "an old epoch writes after a new one": (
        "epochs: entry 8 (batch) has epoch 1 after 2",
        changed(log=(*GOOD.log, entry(8))),
    ),
    "an epoch begins without a fence": (
        "epochs: entry 8 (batch) has epoch 3 after 2",
        changed(log=(*GOOD.log, entry(8, epoch=3))),
    ),
    "a fence does not raise the epoch": (
        "epochs: entry 8 (fence) has epoch 2 after 2",
        changed(log=(*GOOD.log, entry(8, "fence", epoch=2, node="b"))),
    ),
    "an entry is missing": (
        "broken log: entry 5 stands in place 4",
        changed(log=(*GOOD.log[:3], *GOOD.log[4:])),
    ),
    "the chain is broken": (
        "broken log: entry 8 does not name the hash before it",
        changed(log=(*GOOD.log, entry(8, epoch=2, node="b", chained=False))),
    ),
    "nobody leads at the end": (
        "nobody leads: no write is done any more, though all faults are over",
        changed(recovered_s=-1.0),
    ),
    "a server logs an exception": (
        "fault of its own: n1: ERROR Traceback (most recent call last):",
        changed(faults_logged=("n1: ERROR Traceback (most recent call last):",)),
    ),
    "a node stays silent": (
        "nobody answers: at the end n2 shows nothing",
        changed(views=GOOD.views[:1]),
    ),
}  # fmt: skip


def test_a_good_history_is_good():
    verdict = judge(GOOD)

    assert verdict.violations == ()
    assert verdict.summary == (
        "seed 1, directory in namespaces: 2 faults in 3 s, 2 epochs;"
        " 3 done, 1 not done, 2 unknown, 1 reads, 2 commands run; first write after 0.2 s; all kept"
    )


@pytest.mark.parametrize(("text", "history"), BAD.values(), ids=BAD)
def test_a_bad_history_is_found_out(text, history):
    verdict = judge(history)

    assert text in [str(one) for one in verdict.violations]
    assert not verdict.good
    assert "VIOLATIONS" in verdict.summary


def test_commands_that_were_claimed_in_one_tick_have_no_order():
    ran = (Ran("k", "machine", 2, 10.0), Ran("l", "machine", 1, 10.0))

    assert judge(changed(ran=ran)).good


def test_an_item_may_be_done_or_not_if_nobody_was_told():
    done = logged(entry(4, "batch", "add shelf x", "add shelf w"), *GOOD.log[4:])

    assert judge(done).good


def test_what_is_done_at_the_second_try_is_done_whatever_was_said_at_the_first():
    ops = (op("x", asked(NOT_DONE), asked(DONE, seq=4)), *GOOD.ops[1:])

    assert judge(changed(ops=ops)).good


def test_a_history_is_the_same_after_it_was_written_down(tmp_path):
    save(GOOD, tmp_path / "history.json")

    assert load(tmp_path / "history.json") == GOOD


def test_the_picture_shows_each_row_and_where_it_went_wrong():
    history = BAD["a client does not see its own write"][1]
    picture = draw(history, judge(history))

    for text in ("n1", "n2", "c1", "MASTER", "kill -9", "store stopped", "own write unseen"):
        assert f">{text}" in picture or f"{text} " in picture
    assert picture.count("<circle") == 1

"""The ring, against the whole story: whatever is cut where, nothing is missed or told twice."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from brookline.api.channel import AT_ONCE, Channel
from brookline.api.event_filter import Filter, Topic
from brookline.api.ring import Ring
from brookline.management.herald import Fact, Subject, What

_SENSORS = Filter(topics=frozenset({Topic.ENTITIES}), sensors=frozenset({"*"}))

entries = st.lists(
    st.tuples(st.integers(1, 3), st.lists(st.integers(0, 9), max_size=4)), max_size=60
)
"""For each entry: how far after the one before it comes, and its facts."""


def story(steps):
    seq, told = 0, []
    for step, facts in steps:
        seq += step
        told.append((seq, facts))
    return told


@given(entries, st.integers(1, 30), st.integers(0, 200))
def test_what_the_ring_reaches_it_tells_whole_and_in_order(steps, most, since):
    ring: Ring[int] = Ring(most)
    whole = story(steps)
    for seq, facts in whole:
        ring.push(seq, facts)
    if ring.reaches(since):
        expected = [(seq, facts) for seq, facts in whole if seq > since and facts]
        assert [tuple(told) for told in ring.after(since)] == expected
    else:
        assert since < ring.floor
    kept = sum(len(told.facts) for told in ring.after(ring.floor))
    assert kept <= most or len(ring) == 1


@given(entries, st.integers(1, 30), st.integers(0, 100), entries)
def test_what_lies_before_a_new_beginning_is_not_reached(steps, most, begin, more):
    ring: Ring[int] = Ring(most)
    for seq, facts in story(steps):
        ring.push(seq, facts)
    ring.reset(begin)
    after = [(begin + seq, facts) for seq, facts in story(more)]
    for seq, facts in after:
        ring.push(seq, facts)
    assert ring.floor >= begin
    assert not ring.reaches(begin - 1)
    if ring.reaches(begin):
        assert [tuple(told) for told in ring.after(begin)] == [one for one in after if one[1]]


@given(st.randoms(use_true_random=False), st.lists(st.integers(0, 5), min_size=1, max_size=300))
def test_a_client_that_is_cut_anywhere_and_comes_back_anywhere_has_all_once(chance, values):
    """Two nodes apply one log; each tells the same of it, to a client that changes between them."""
    facts = [
        (seq, [Fact(Subject.SENSORS, f"e{value}", What.CHANGED, "a", value={"n": seq})])
        for seq, value in enumerate(values, 1)
    ]
    nodes = [_Node(facts) for _ in range(2)]
    heard: list[int] = []
    cursor = 0
    while cursor < len(values):
        node = chance.choice(nodes)
        node.apply(chance.randint(1, 2 * AT_ONCE))
        for _ in range(chance.randint(1, 3)):  # parts until it is cut
            part = node.channel.next(cursor, node.seq, patient=True)
            heard += node.seqs(part.data)
            cursor = part.seq
            if not part.more:
                break
        cursor = max([cursor, *heard[-1:]])
    assert heard == list(range(1, len(values) + 1))


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from("ab"), st.none() | st.integers(0, 9)),
        min_size=AT_ONCE + 1,
        max_size=3 * AT_ONCE,
    )
)
def test_a_slow_client_ends_up_with_what_holds(changes):
    node = _Node([])
    state: dict[str, dict[str, int]] = {}
    for seq, (entity, name, value) in enumerate(changes, 1):
        of_entity = state.setdefault(f"e{entity}", {})
        if value is None:
            of_entity.pop(name, None)
        else:
            of_entity[name] = value
        put = {} if value is None else {name: value}
        gone = (name,) if value is None else ()
        node.ring.push(
            seq, [Fact(Subject.SENSORS, f"e{entity}", What.CHANGED, "a", value=put, gone=gone)]
        )
        node.seq = seq
    part = node.channel.next(0, node.seq, patient=False)
    shown: dict[str, dict[str, int]] = {}
    (event,) = node.bodies(part.data)
    assert event["coalesced"] == len(changes)
    assert event["seq"] == part.seq == len(changes)
    for change in event["changes"]:
        of_entity = shown.setdefault(change["id"], {})
        of_entity.update(change["set"])
        assert not of_entity.keys() & set(change["removed"])
    assert {i: one for i, one in shown.items() if one} == {
        i: one for i, one in state.items() if one
    }


class _Node:
    def __init__(self, log):
        self.log = log
        self.seq = 0
        self.ring = Ring(100_000)
        self.channel = Channel(_SENSORS, self.ring, lambda: "p")

    def apply(self, most):
        for seq, facts in self.log[self.seq : self.seq + most]:
            self.ring.push(seq, facts)
            self.seq = seq

    def bodies(self, data):
        lines = data.decode().splitlines()
        return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]

    def seqs(self, data):
        return [body["seq"] for body in self.bodies(data)]

"""The garbage collector, which is one for the whole process: each test runs in one of its own."""

from __future__ import annotations

import subprocess
import sys


def said(program):
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=30
    )
    return done.stdout.split()


def test_nothing_is_collected_until_the_last_of_nested_pauses_is_over():
    program = """
import gc
from brookline.values.garbage import uncollected
with uncollected():
    with uncollected():
        print(gc.isenabled())
    print(gc.isenabled())
print(gc.isenabled())
"""
    assert said(program) == ["False", "False", "True"]


def test_a_collector_that_was_off_stays_off():
    program = """
import gc
from brookline.values.garbage import uncollected
gc.disable()
with uncollected():
    pass
print(gc.isenabled())
"""
    assert said(program) == ["False"]


def test_a_server_does_not_look_again_at_what_it_has_imported():
    program = """
import gc
from brookline.values.garbage import collect_less
before = len(gc.get_objects())
collect_less()
print(gc.get_freeze_count() >= before, len(gc.get_objects()) < 100)
"""
    assert said(program) == ["True", "True"]


def test_cycles_are_found_all_the_same():
    program = """
import gc, weakref
from brookline.values.garbage import collect_less

class Node:
    pass

collect_less()
node = Node()
node.itself, lost = node, weakref.ref(node)
del node
kept = [[] for _ in range(100_000)]
print(lost())
"""
    assert said(program) == ["None"]

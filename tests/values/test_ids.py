from __future__ import annotations

import collections
import random
import re

import pytest

from brookline.values.ids import is_id, new_id


@pytest.mark.parametrize("length", [1, 10, 16, 63])
def test_an_id_is_a_letter_and_then_letters_and_digits(length):
    for _ in range(100):
        assert re.fullmatch(rf"[a-z][a-z0-9]{{{length - 1}}}", new_id(length=length))


def test_ids_are_what_a_caller_may_choose_too():
    assert is_id(new_id())


def test_ids_differ():
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_a_seed_gives_the_same_ids_again():
    assert [new_id(random.Random(7)) for _ in range(2)] == [new_id(random.Random(7))] * 2


def test_no_character_is_likelier_than_another():
    chance = random.Random(7)
    ids = [new_id(chance, 3) for _ in range(36_000)]
    for place, kinds in ((0, 26), (1, 36), (2, 36)):
        counts = collections.Counter(one[place] for one in ids)
        assert len(counts) == kinds
        assert max(counts.values()) / min(counts.values()) < 1.3

from __future__ import annotations

import dataclasses

import pytest

from brookline.plane.settings import BEATS_BEHIND
from brookline.security.node_keys import (
    Call,
    NodeKey,
    digest_of,
    is_fresh,
    is_genuine,
)

CALL = Call(
    method="POST",
    path="/v1/applications?x=1",
    sender="n1",
    target="n2",
    counter=100,
    epoch=7,
    digest=digest_of(b"services: []"),
)


def test_a_signature_holds_for_the_very_call_and_key():
    key = NodeKey()
    signature = key.sign(CALL)

    assert is_genuine(CALL, signature, key.public)
    assert not is_genuine(CALL, signature, NodeKey().public)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({field.name: value}, id=field.name)
        for field in dataclasses.fields(Call)
        for value in [{"counter": 101, "epoch": 8}.get(field.name, "other")]
    ],
)
def test_whatever_changes_breaks_the_signature(change):
    key = NodeKey()
    signature = key.sign(CALL)

    assert not is_genuine(dataclasses.replace(CALL, **change), signature, key.public)


@pytest.mark.parametrize("signature", ["", "zz", "00" * 64])
def test_a_signature_that_is_none_is_not_genuine(signature):
    assert not is_genuine(CALL, signature, NodeKey().public)


def test_a_key_that_is_none_makes_nothing_genuine():
    assert not is_genuine(CALL, NodeKey().sign(CALL), "not a key")


def test_a_call_of_long_ago_is_refused_by_the_targets_own_beats():
    assert is_fresh(CALL, 100 + BEATS_BEHIND)
    assert not is_fresh(CALL, 101 + BEATS_BEHIND)
    assert is_fresh(CALL, 90)

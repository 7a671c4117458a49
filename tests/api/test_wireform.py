from __future__ import annotations

import types

from brookline.api.answers import json
from brookline.api.wireform import SEQUENCE, Stamp


def test_an_answer_says_no_more_than_what_all_of_it_shows():
    """A page passes over the changes up to the sequence of the answer that it reads."""
    node = types.SimpleNamespace(
        epoch=1,
        replica=types.SimpleNamespace(seq=7),
        identity=types.SimpleNamespace(instance="n"),
    )
    stamp = Stamp(node)
    assert dict(stamp.reply(json([])).headers)[SEQUENCE] == "7"
    assert dict(stamp.reply(json([]), as_of=5).headers)[SEQUENCE] == "5"
    names = [name for name, _ in stamp.reply(json([]), as_of=5).headers]
    assert len(names) == len(set(names))
    assert dict(stamp.reply(json([])).headers)[SEQUENCE] == "7"

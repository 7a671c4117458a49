"""Stories of operators: what is seen must be what is written; see `storyteller`."""

from __future__ import annotations

import pytest
from tests.simulation.storyteller import STORIES, Story

FILES = sorted(STORIES.glob("*.txt"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_story_goes_as_it_is_written(path):
    text = path.read_text()

    assert Story(text).tell() == text, (
        "if it is right, run: python -m tests.simulation.storyteller --rewrite"
    )


def test_there_are_stories():
    assert len(FILES) >= 15


def test_a_story_shows_what_is_wrong():
    told = Story(
        "# A node that does not exist.\n\nplane a\n\nstart a\nwait 1\n----\nnothing"
    ).tell()

    assert "master epoch=1" in told
    assert "nothing" not in told

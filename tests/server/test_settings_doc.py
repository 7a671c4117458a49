from __future__ import annotations

from pathlib import Path

import pytest

from brookline.server.catalogue import SETTINGS
from brookline.server.inert import INERT, UNREAD_FILES
from brookline.server.settings import shown

DOCUMENT = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()
ROWS = [line for line in DOCUMENT.splitlines() if line.startswith("| `--")]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_in_the_document_with_all_its_names_and_its_default(setting):
    (row,) = [row for row in ROWS if f"`{setting.option}`" in row]

    for name in (*setting.aliases, setting.variable, *setting.keys):
        assert f"`{name}`" in row
    assert f"| {shown(setting.default)} |" in row
    assert setting.help.replace("|", "/") in row


def test_nothing_else_is():
    assert len(ROWS) == len(SETTINGS)


@pytest.mark.parametrize("name", [*INERT, *UNREAD_FILES])
def test_every_key_without_effect_is_in_the_document(name):
    assert f"`{name}`" in DOCUMENT or f"`etc/{name}`" in DOCUMENT

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from brookline.model.types import Types

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

GROUP = "brookline.test.entities"


def test_a_plugin_that_fails_in_any_way_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "sick_plugin.py").write_text("raise RuntimeError('no licence')\n")
    (tmp_path / "well_plugin.py").write_text(
        "from brookline.model.entity import Entity\n"
        "class Well(Entity):\n    TYPE = 'org.example.Well'\n"
    )
    info = tmp_path / "plugins-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugins\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\na = sick_plugin\nb = well_plugin\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    with caplog.at_level(logging.ERROR, "brookline.model"):
        types = Types(group=GROUP)
        assert types.names() == ["Well", "org.example.Well"]

    assert "entity plugin cannot be loaded" in caplog.text
    sys.modules.pop("well_plugin", None)

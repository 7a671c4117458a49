"""Schedules with a point: what must not, and what must, end a mastership."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.lab.schedule import Deed

SCRIPTS: dict[str, list[Deed]] = {}

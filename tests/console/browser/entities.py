"""An application of some entities that are told apart on their pages."""

from __future__ import annotations

from playwright.sync_api import expect

PLAN = """name: Shop
services:
- {type: org.apache.brooklyn.entity.stock.BasicStartable, name: left}
- {type: org.apache.brooklyn.entity.stock.BasicStartable, name: right}
- {type: org.apache.brooklyn.entity.stock.BasicEntity, name: idle}
"""


def choose(screen, entity):
    screen.page.get_by_role("treeitem", name=entity).click()
    expect(screen.page.get_by_role("heading", name=entity)).to_be_visible()

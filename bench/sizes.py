"""Rows: large blueprints, and what they cost later."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from bench.figures import Figure, Row, Setting, at_most
from bench.nodes import Node, deploy, many, plane

if TYPE_CHECKING:
    from collections.abc import Sequence

THOUSAND, LARGE, FETCHED = 1_000, 10_000, 6_000


def deploys(setting: Setting) -> Sequence[Figure]:
    """From the POST of one blueprint to its 201, each on an empty plane."""
    thousand: list[float] = []
    large: list[float] = []
    for number in range(setting.rounds):
        for count, rounds in ((THOUSAND, thousand), (LARGE, large)):
            with plane(setting.folder / f"deploy-{count}-{number}", "n1") as (node,):
                node.start().wait_for_state("MASTER")
                rounds.append(_timed_deploy(node, count))
    return [
        at_most(
            "deploy of 1,000 entities, POST to 201", thousand, 0.8,
            form="{:.2f} s", brooklyn="5.3 s",
        ),
        at_most(
            "deploy of 10,000 entities, POST to 201", large, 8.0,
            form="{:.2f} s", brooklyn="46 s (scaled)",
        ),
    ]  # fmt: skip


def fetch(setting: Setting) -> Sequence[Figure]:
    """The whole tree as JSON: the first time after a start, and after a change.

    What was encoded before does not help the first, and not with all of the second.
    """
    first, later = [], []
    with plane(setting.folder / "fetch", "n1") as (node,):
        node.start().wait_for_state("MASTER")
        app = deploy(node, many(FETCHED))
        wait_for_rest(node)
        for number in range(setting.rounds):
            node.kill()
            node.start().wait_for_state("MASTER")
            wait_for_rest(node)
            first.append(_timed_fetch(node))
            path = f"/v1/applications/{app}/entities/{app}/config/bench.{number}"
            assert node.ask("POST", path, b"1", "application/json").status < 300
            later.append(_timed_fetch(node))
    what = "applications/fetch with 6,000 entities"
    return [
        at_most(f"{what}, first time", first, 0.25, form="{:.3f} s", brooklyn="0.74 s"),
        at_most(f"{what}, after a change", later, 0.25, form="{:.3f} s"),
    ]


def cold_start(setting: Setting) -> Sequence[Figure]:
    """A lone node is killed and started again on its home; 10,000 entities are in its store."""
    seconds, memory = [], []
    with plane(setting.folder / "cold", "n1") as (node,):
        node.start().wait_for_state("MASTER")
        app = deploy(node, many(LARGE))
        wait_for_rest(node)
        for _ in range(setting.rounds):
            node.kill()
            seconds.append(node.start().wait_for_state("MASTER"))
            listed = node.ask("GET", f"/v1/applications/{app}/entities")
            assert listed.body.count(b'"id"') >= LARGE
            time.sleep(2.0)
            memory.append(node.memory_mb())
    return [
        at_most(
            "10,000 entities, cold start to up and MASTER", seconds, 2.5,
            form="{:.2f} s", brooklyn="60 s at 6,000",
        ),
        at_most(
            "10,000 entities, resident memory", memory, 200,
            form="{:.0f} MB", brooklyn="1,900 MB",
        ),
    ]  # fmt: skip


def wait_for_rest(node: Node) -> None:
    """Wait until what a deploy has started is over: half a second almost without work."""
    while True:
        used = node.cpu_s()
        time.sleep(0.5)
        if node.cpu_s() - used <= 0.05:
            return


def _timed_deploy(node: Node, count: int) -> float:
    plan = many(count).encode()
    with contextlib.closing(node.connection()) as connection:
        connection.ask("GET", "/v1/server/up")
        began = time.perf_counter()
        answer = connection.ask("POST", "/v1/applications", plan, "text/yaml")
        seconds = time.perf_counter() - began
    assert answer.status == 201, answer.body[:500]
    return seconds


def _timed_fetch(node: Node) -> float:
    with contextlib.closing(node.connection()) as connection:
        connection.ask("GET", "/v1/server/up")
        began = time.perf_counter()
        answer = connection.ask("GET", "/v1/applications/fetch")
        seconds = time.perf_counter() - began
    assert answer.body.count(b'"parentId"') >= FETCHED, len(answer.body)
    return seconds


ROWS = (Row("deploy", deploys), Row("fetch", fetch), Row("cold-start", cold_start))

"""What the doctor finds about a store: the report of the conformance probe, line by line."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from brookline.cli.findings import Finding
from brookline.errors import InvalidInput, StoreUnfit
from brookline.stores.presence import beside, is_there
from brookline.stores.probe import probe
from brookline.stores.registry import open_store, scheme_of
from brookline.stores.report import Verdict
from brookline.stores.urls import shown
from brookline.values.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brookline.stores.report import Latency, Report

_RESULTS = {
    Verdict.HOLDS: "pass",
    Verdict.SLOW: "warn",
    Verdict.DOUBTFUL: "warn",
    Verdict.FAILS: "fail",
}


def examine_store(url: str) -> list[Finding]:
    """Try a store whole and return what it can and cannot do.

    Raises:
        InvalidInput: If no store is named.
        StoreUnfit: If it is no store that others see, or holds something else; nothing was touched.
        StoreError: If it gives no answer.
    """
    if not url.strip():
        raise InvalidInput("--store names no store: is a variable unset?")
    if scheme_of(url) == "memory":
        raise StoreUnfit(
            f"{url} is the memory of one process: no other node would see it, and it ends with it"
        )
    return asyncio.run(_examined(url))


async def _examined(url: str) -> list[Finding]:
    """Examine a store; one that is not there yet stays so, and a place beside it is tried."""
    if await is_there(url):
        report = await _probed(url)
        holds = "holds a plane" if report.plane else "empty: a plane can be made here"
        return [Finding(shown(url), "pass", holds), *_findings(report)]
    async with beside(url) as other:
        report = await _probed(other)
    missing = "not there yet; another beside it was tried, and removed"
    fix = "the first node makes it; if one should be there, look at the name"
    return [Finding(shown(url), "warn", missing, fix), *_findings(report)]


async def _probed(url: str) -> Report:
    clock = SystemClock()
    store = await open_store(url, clock)
    try:
        other = await open_store(url, clock)
        try:
            return await probe(store, other, clock=clock)
        finally:
            await other.close()
    finally:
        await store.close()


def _findings(report: Report) -> Iterator[Finding]:
    for found in report.findings:
        yield Finding(
            found.subject.value, _RESULTS[found.verdict], found.observed, fix=found.advice
        )
    for name, latency in (("create", report.create), ("get", report.get), ("list", report.list)):
        if latency.count:  # a check ends at its first failure
            yield Finding(f"latency of {name}", "pass", _latency(latency))
    if report.left_behind:
        fix = "remove what is beneath probe/ in it"
        yield Finding("clean-up", "warn", f"{report.left_behind} keys of the check are left", fix)
    if report.fit:
        yield Finding(
            "verdict", "pass", f"can carry a plane of several nodes ({report.took_s:g} s)"
        )
    else:
        yield Finding("verdict", "fail", "cannot carry a plane of several nodes")


def _latency(latency: Latency) -> str:
    return f"median {latency.median_ms:g} ms, p99 {latency.p99_ms:g} ms"

"""What is known of the store: where it is, and what its last probe from this home found."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from brookline.stores.report import Report
from brookline.wire.rest_store import StoreFinding, StoreLatency, StoreProbe

if TYPE_CHECKING:
    from pathlib import Path

    from brookline.stores.report import Finding, Latency

log = logging.getLogger("brookline.server")


def read_probe(path: Path) -> StoreProbe | None:
    """Return the report that is kept in a file; None if there is none that can be read."""
    try:
        report = msgspec.json.decode(path.read_bytes(), type=Report)
        probed_utc = round(path.stat().st_mtime * 1000)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        fields = {"path": str(path), "why": str(error)}
        log.warning("the probe's report cannot be read", extra={"fields": fields})
        return None
    return StoreProbe(
        size=report.size,
        fit=report.fit,
        probed_utc=probed_utc,
        took_ms=round(report.took_s * 1000),
        findings=[_finding(found) for found in report.findings],
        create=_latency(report.create),
        get=_latency(report.get),
        listing=_latency(report.list),
    )


def _finding(found: Finding) -> StoreFinding:
    return StoreFinding(
        found.subject.value, found.verdict.value, found.observed, found.advice, found.lag_ms
    )


def _latency(latency: Latency) -> StoreLatency:
    return StoreLatency(latency.count, latency.median_ms, latency.p99_ms)

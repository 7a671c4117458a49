from __future__ import annotations

import msgspec

from brookline.server.store_report import read_probe
from brookline.stores.report import Finding, Latency, Property, Report, Verdict


def test_a_report_reads_as_it_was_kept_with_what_to_do(tmp_path):
    findings = (
        Finding(Property.DEFINITE, Verdict.HOLDS, "20 rounds"),
        Finding(Property.SHOWS_PUT, Verdict.SLOW, "late", 812.5),
    )
    latency = Latency(20, 1.5, 4.0)
    report = Report(
        "quick",
        plane=True,
        findings=findings,
        create=latency,
        get=latency,
        list=latency,
        took_s=0.25,
    )
    path = tmp_path / "probe.json"
    path.write_bytes(msgspec.json.encode(report))
    told = read_probe(path)
    assert told is not None
    assert (told.size, told.fit, told.took_ms) == ("quick", True, 250)
    assert [(one.verdict, one.lag_ms, bool(one.advice)) for one in told.findings] == [
        ("pass", None, False),
        ("slow", 812.5, True),
    ]
    assert told.create.p99_ms == 4.0


def test_no_report_and_one_that_cannot_be_read_are_none(tmp_path, caplog):
    path = tmp_path / "probe.json"
    assert read_probe(path) is None
    path.write_text("{")
    assert read_probe(path) is None
    assert "cannot be read" in caplog.text

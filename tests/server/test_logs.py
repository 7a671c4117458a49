from __future__ import annotations

import json
import logging

import pytest

from brookline.server.catalogue import LogFormat
from brookline.server.logs import Origin, end_logs, start_logs
from brookline.values.trace import REQUEST

log = logging.getLogger("brookline.plane")


@pytest.fixture
def written(tmp_path):
    """Starts logs; returns the lines of the file."""
    level = logging.getLogger().level
    file = tmp_path / "brookline.log"
    started: list[list[logging.Handler]] = []

    def start(form: LogFormat, level: str = "INFO"):
        origin = Origin("n1")
        origin.epoch = lambda: 7
        started.append(start_logs(origin, level=level, form=form, file=file))
        return lambda: file.read_text().splitlines()

    yield start
    for handlers in started:
        end_logs(handlers)
    logging.getLogger().setLevel(level)


def test_a_line_names_node_epoch_and_request(written):
    lines = written(LogFormat.TEXT)

    log.info("promoted", extra={"fields": {"took_s": 0.2, "why": "no master"}})
    token = REQUEST.set("req1")
    log.warning("again")
    REQUEST.reset(token)

    first, second = lines()
    assert first[23:] == " INFO    n1 e7 plane: promoted took_s=0.2 why='no master'"
    assert second[23:] == " WARNING n1 e7 plane: again request=req1"


def test_lines_may_be_json(written):
    lines = written(LogFormat.JSON)

    try:
        raise ValueError("broken")  # noqa: TRY301
    except ValueError:
        log.exception("failed", extra={"fields": {"path": lines}})

    told = json.loads(lines()[0])
    assert (told["node"], told["epoch"], told["room"], told["event"], told["level"]) == (
        "n1",
        7,
        "plane",
        "failed",
        "ERROR",
    )
    assert "ValueError: broken" in told["error"]


def test_what_is_below_the_level_or_a_librarys_remark_is_left_out(written):
    lines = written(LogFormat.TEXT, "DEBUG")

    logging.getLogger("asyncio").info("using selector")
    log.debug("kept")

    assert [line.rpartition(": ")[2] for line in lines()] == ["kept"]


def test_a_value_cannot_forge_a_line(written):
    lines = written(LogFormat.TEXT)

    log.info("login refused", extra={"fields": {"user": "x\n2026-01-01 forged"}})

    assert len(lines()) == 1


@pytest.mark.parametrize("name", ["a\x1b[31mb", "a\x85b", "a\u2028b", "a\x00b"], ids=ascii)
def test_a_value_has_no_power_over_a_terminal(written, name):
    lines = written(LogFormat.TEXT)

    log.warning("login refused", extra={"fields": {"user": name}})

    (line,) = lines()
    assert line.isprintable()


@pytest.mark.parametrize("form", LogFormat)
def test_what_is_no_text_is_spelled_out_and_costs_no_line(written, form, capsys):
    lines = written(form)

    log.warning("odd", extra={"fields": {"file": "bad \udcff"}})
    try:
        raise ValueError("bad \udcff")  # noqa: TRY301
    except ValueError:
        log.exception("failed")

    told = "\n".join(lines())
    assert told.count("bad \\udcff") >= 2
    assert "Logging error" not in capsys.readouterr().err
    if form is LogFormat.JSON:
        assert json.loads(lines()[0])["file"] == "bad \udcff"

"""brookline doctor: the way to a plane, and stores."""

from __future__ import annotations

import pytest

from brookline.testing.http_plane import Reply
from brookline.version import VERSION


def results(ran):
    return {each["check"]: each["result"] for each in ran.json()}


def test_a_sound_plane_passes(brookline, plane):
    plane.answers["GET /v1/server/up"] = True
    plane.answers["GET /v1/server/version"] = {"version": VERSION}
    ran = brookline("doctor", "-o", "json")
    assert ran.status == 0
    assert set(results(ran).values()) == {"pass"}


def test_what_is_wrong_is_told_with_a_fix(brookline, plane):
    plane.answers["GET /v1/server/up"] = True
    plane.answers["GET /v1/server/version"] = {"version": "other"}
    plane.lead("")
    ran = brookline("doctor")
    assert ran.status == 2
    assert "nobody leads; see brookline ha status" in ran.out
    assert f"{VERSION} here, other there" in ran.out


def test_a_silent_master_is_a_warning(brookline, plane):
    plane.answers["GET /v1/server/up"] = True
    plane.answers["GET /v1/server/version"] = {"version": VERSION}
    plane["n1"].fields["heartbeatAgeMs"] = 9_000
    ran = brookline("doctor")
    assert ran.status == 0
    assert "n1 has been silent for 9.0s (limit 30.0s): replaced in 21.0s" in ran.out


def test_an_alarm_is_a_failure_and_a_failed_node_no_reason_to_start_another(brookline, plane):
    plane.answers["GET /v1/server/up"] = True
    plane.answers["GET /v1/server/version"] = {"version": VERSION}
    plane["n2"].fields.update(status="FAILED", alarm="entry 7 is damaged", next=None)
    ran = brookline("doctor", "-o", "json")
    assert ran.status == 2
    assert results(ran)["alarm"] == "fail"
    found = {each["check"]: each for each in ran.json()}
    assert found["alarm"]["found"] == "n2: entry 7 is damaged"
    assert "n2 could, but FAILED" in found["standby"]["fix"]
    assert "start a second node" not in ran.out


def test_an_alarm_of_a_node_that_has_ended_is_over(brookline, plane):
    plane.answers["GET /v1/server/up"] = True
    plane.answers["GET /v1/server/version"] = {"version": VERSION}
    plane["n2"].fields.update(status="TERMINATED", alarm="entry 7 is damaged", next=None)
    ran = brookline("doctor", "-o", "json")
    assert ran.status == 0
    assert "start a second node" in ran.out


def test_a_wrong_password_ends_the_examination(brookline, plane):
    plane.answers["GET /v1/server/up"] = True
    plane.answers["GET /v1/server/ha/states"] = Reply(401)
    plane.answers["GET /v1/server/version"] = Reply(401)
    ran = brookline("doctor", "-o", "json")
    assert ran.status == 2
    assert results(ran)["login"] == "fail"
    assert "master" not in results(ran)


def test_one_dead_address_of_two_is_no_reason_to_stop(brookline, plane):
    plane.answers["GET /v1/server/up"] = True
    plane.answers["GET /v1/server/version"] = {"version": VERSION}
    ran = brookline("doctor", "-o", "json", urls=["http://127.0.0.1:9", *plane.urls])
    assert ran.status == 2
    assert results(ran)["reach http://127.0.0.1:9"] == "fail"
    assert results(ran)["master"] == "pass"


def test_a_clock_that_is_off_is_a_warning(brookline, plane, monkeypatch):
    plane.answers["GET /v1/server/up"] = Reply(
        200, "true", {"Date": "Thu, 01 Jan 1970 00:00:00 GMT"}
    )
    plane.answers["GET /v1/server/version"] = {"version": VERSION}
    ran = brookline("doctor", "-o", "json", urls=[plane["n1"].url])
    assert results(ran)[f"reach {plane['n1'].url}"] == "warn"


def test_a_directory_that_can_carry_a_plane_passes_and_is_left_as_it_was(brookline, tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    ran = brookline("doctor", "--store", str(store), "-o", "json")
    assert ran.status == 0
    assert results(ran)["verdict"] == "pass"
    assert not list(store.glob("probe/*"))


def test_a_directory_that_holds_something_else_is_refused_untouched(brookline, tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    (store / "thesis.tex").write_text("x")
    ran = brookline("doctor", "--store", str(store))
    assert ran.status == 2
    assert "holds something else (thesis.tex)" in ran.err
    assert [path.name for path in store.iterdir()] == ["thesis.tex"]


def test_a_directory_that_is_not_there_stays_so(brookline, tmp_path):
    ran = brookline("doctor", "--store", str(tmp_path / "typo"), "-o", "json")
    assert ran.status == 0
    first, *others = ran.json()
    assert first["result"] == "warn"
    assert first["found"] == "not there yet; another beside it was tried, and removed"
    assert others[-1]["found"].startswith("can carry a plane of several nodes")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_could_not_be_made_is_refused(brookline, tmp_path):
    ran = brookline("doctor", "--store", str(tmp_path / "none" / "typo"))
    assert ran.status == 2
    assert "is no directory; is it mounted?" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("store", ["", " "])
def test_a_store_without_a_name_is_not_taken_for_the_plane_here(brookline, plane, store):
    ran = brookline("doctor", "--store", store)
    assert ran.status == 2
    assert "names no store: is a variable unset?" in ran.err
    assert not [*plane["n1"].requests, *plane["n2"].requests]


@pytest.mark.parametrize("store", ["memory:", "memory:x", "MEMORY:"])
def test_memory_carries_no_plane_of_several_nodes(brookline, store):
    ran = brookline("doctor", "--store", store)
    assert ran.status == 2
    assert "no other node would see it" in ran.err

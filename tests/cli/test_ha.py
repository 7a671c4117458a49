"""brookline ha: what operators see and do."""

from __future__ import annotations

import dataclasses
import json

import pytest

from brookline.cli.access import Access
from brookline.cli.ha_view import (
    FIRST_IN_LINE,
    events,
    hand_over_checks,
    headline,
    member_table,
    told_gap,
    warnings,
    without_master_ms,
)
from brookline.cli.ha_watch import Watch
from brookline.cli.output import Output
from brookline.cli.tool import Tool
from brookline.client.client import Client
from brookline.client.course import Patience
from brookline.client.states import Mastership, Member, PlaneStates
from brookline.testing.http_plane import Reply

N1 = Member("a", "MASTER", name="n1", version="1", epoch=3, tail=9, heartbeat_age_ms=400)
N2 = Member(
    "b", "HOT_STANDBY", name="n2", version="1", tail=9, heartbeat_age_ms=600, lag_ms=5, next=0
)
GONE = Member("c", "TERMINATED", name="n3", version="0", heartbeat_age_ms=10**7)
PLANE = PlaneStates("p", "a", "a", (GONE, N2, N1), timeout_ms=30_000)

HISTORY = [
    {
        "epoch": 3,
        "node": "n2instance",
        "name": "n2",
        "from": "n1instance",
        "reason": "process gone",
        "evidence": "connection refused",
        "detectMs": 310,
        "electMs": 12,
        "replayMs": 40,
        "guess": True,
        "interrupted": ["start of web"],
        "startedUtc": 1_700_000_000_500,
        "activeUtc": 1_700_000_000_600,
    },
    {
        "epoch": 2,
        "node": "n1instance",
        "name": "n1",
        "reason": "first start",
        "startedUtc": 1_700_000_000_000,
        "activeUtc": 1_700_000_000_100,
        "endedUtc": 1_700_000_000_400,
        "endReason": "process gone",
    },
]


def changed(states, member, **fields):
    new = dataclasses.replace(member, **fields)
    members = tuple(new if each == member else each for each in states.members)
    return dataclasses.replace(states, members=members)


class TestView:
    """Pure functions from the plane to words."""

    def test_the_master_comes_first_and_the_dead_last(self):
        rows = member_table(PLANE).rows
        assert [row[0] for row in rows] == ["n1", "n2", "n3"]
        assert rows[1][-1] == FIRST_IN_LINE
        assert rows[2][5:7] == ("-", "-"), "ages of the dead say nothing"

    def test_the_headline_says_who_leads_since_when_and_why(self):
        row = Mastership(3, "a", "n1", reason="forced", active=1_000)
        assert headline(PLANE, [row], 2_000).endswith("(epoch 3, forced)")
        assert headline(PLANE, [], 0) == "Plane p   master n1 (epoch 3)"

    def test_the_headline_says_who_it_was_that_resigned(self):
        before = Mastership(2, "b", "n2")
        row = Mastership(3, "a", "n1", reason="resigned", predecessor="b", active=1_000)
        assert headline(PLANE, [row, before], 2_000).endswith("(epoch 3, n2 resigned)")
        assert headline(PLANE, [row], 2_000).endswith("(epoch 3, n2 resigned)")

    def test_without_a_store_no_other_node_helps(self):
        full = dataclasses.replace(changed(PLANE, N2, alarm="no space left", next=None), master="")
        assert warnings(full) == ["nobody leads", "n2: no space left"]

    def test_what_is_wrong_with_a_node_is_a_warning_and_an_event(self):
        wrong = changed(PLANE, N2, alarm="entry 7 is damaged")
        assert warnings(wrong) == ["n2: entry 7 is damaged"]
        assert list(events(PLANE, wrong)) == ["n2: entry 7 is damaged"]
        assert list(events(wrong, wrong)) == []

    def test_a_sound_plane_has_no_warnings(self):
        assert warnings(PLANE) == []

    def test_a_silent_master_is_counted_down(self):
        silent = changed(PLANE, N1, heartbeat_age_ms=4_000)
        [line] = warnings(silent)
        assert line == "n1 has been silent for 4.0s (limit 30.0s): replaced in 26.0s"
        assert list(events(PLANE, silent)) == [line]

    def test_what_a_dead_master_said_last_makes_no_second_master(self):
        dead = changed(PLANE, N2, status="MASTER", heartbeat_age_ms=4_000, next=None)
        roles = {row[0]: row[4] for row in member_table(dead).rows}
        assert (roles["n1"], roles["n2"]) == ("MASTER", "was MASTER")
        assert "n2 has been silent for 4.0s (limit 30.0s)" in list(events(PLANE, dead))

    def test_a_lone_master_is_warned_of(self):
        alone = dataclasses.replace(PLANE, members=(N1,))
        assert "nobody stands by" in warnings(alone)[0]

    def test_different_versions_are_warned_of(self):
        assert "versions: 1, 2" in warnings(changed(PLANE, N2, version="2"))[0]

    @pytest.mark.parametrize(
        ("members", "words"),
        [
            ((N2,), "n2 is first in line"),
            ((dataclasses.replace(N2, status="INITIALIZING", next=None),), "n2 is starting"),
            ((), "start a node"),
        ],
        ids=["standby", "starting", "nobody"],
    )
    def test_why_nobody_leads(self, members, words):
        plane = dataclasses.replace(PLANE, master="", members=members)
        assert words in warnings(plane)[0]
        assert headline(plane, [], 0).endswith("nobody leads")

    def test_a_failover_is_told_as_events(self):
        after = PlaneStates(
            "p",
            "b",
            "b",
            (
                dataclasses.replace(N1, status="FAILED"),
                dataclasses.replace(N2, status="MASTER", epoch=4, next=None),
            ),
        )
        assert list(events(PLANE, after)) == [
            "n1 leads no more",
            "n2 leads (epoch 4)",
            "n1: MASTER → FAILED",
            "n3 (c) is no longer listed",
        ]

    def test_a_newcomer_and_a_priority_are_told(self):
        before = dataclasses.replace(PLANE, members=(N1,))
        after = dataclasses.replace(PLANE, members=(dataclasses.replace(N1, priority=5), N2))
        assert list(events(before, after)) == ["n1: priority 0 → 5", "n2 has come: HOT_STANDBY"]

    @pytest.mark.parametrize(
        ("fields", "level"),
        [
            ({}, "ok"),
            ({"status": "STANDBY"}, "warn"),
            ({"status": "HOT_BACKUP"}, "fail"),
            ({"heartbeat_age_ms": 9_000}, "fail"),
            ({"version": "2"}, "warn"),
            ({"tail": 3, "lag_ms": 60_000}, "warn"),
            ({"tail": 3, "lag_ms": None}, "warn"),
        ],
        ids=["fit", "cold", "backup", "silent", "version", "behind", "untold-lag"],
    )
    def test_checks_before_a_hand_over(self, fields, level):
        target = dataclasses.replace(N2, **fields)
        assert {check.level for check in hand_over_checks(PLANE, target)} == {"ok", level}

    def test_how_long_nobody_led_is_read_from_the_history(self):
        rows = [Mastership.from_json(row) for row in HISTORY]
        assert without_master_ms(rows, 3) == 422
        assert without_master_ms(rows, 2) is None

    def test_a_master_that_stood_still_has_cost_more_than_the_change(self):
        rows = [
            Mastership(
                4, "b", "n2", "a", "forced", detect_ms=42_000, elect_ms=3, started=9, active=13
            ),
            Mastership(3, "a", "n1", active=1, ended=9),
        ]
        assert without_master_ms(rows, 4) == 42_007
        assert told_gap(rows, 4) == (
            "n1 was last heard 42.0s before it was replaced, so clients may have waited 42.0s."
        )
        left = [dataclasses.replace(rows[0], reason="resigned", detect_ms=0), rows[1]]
        assert told_gap(left, 4) == "For 4ms of it nobody led."


class TestStatus:
    """brookline ha status and history."""

    def test_status_shows_the_plane(self, brookline, plane):
        plane.answers["GET /v1/server/ha/history"] = HISTORY
        plane.lead("n2")
        lines = brookline("ha", "status").out.splitlines()
        assert "master n2 since" in lines[0]
        assert "(epoch 3, process gone)" in lines[0]
        assert lines[1].split() == [
            "NODE",
            "ID",
            "HOST",
            "URI",
            "ROLE",
            "HEARTBEAT",
            "LAG",
            "PRIO",
            "NEXT",
        ]
        assert lines[2].split()[:2] == ["n2", "n2instance"]

    def test_status_as_data_is_amps_own(self, brookline):
        value = brookline("ha", "status", "-o", "json").json()
        assert value["masterId"] == "n1instance"
        assert set(value["nodes"]) == {"n1instance", "n2instance"}

    def test_status_needs_no_history(self, brookline):
        assert "master n1 (epoch 3)" in brookline("ha", "status").out

    def test_history_tells_the_story(self, brookline, plane):
        plane.answers["GET /v1/server/ha/history"] = list(reversed(HISTORY))
        first = brookline("ha", "history").out.splitlines()[1]
        for words in (
            "n1→n2",
            "process gone (a guess)",
            "0.3s",
            "start of web",
        ):
            assert words in first

    def test_history_as_data_is_the_latest_first(self, brookline, plane):
        plane.answers["GET /v1/server/ha/history"] = list(reversed(HISTORY))
        value = brookline("ha", "history", "-o", "json").json()
        assert value == HISTORY


class TestChange:
    """brookline ha switchover, promote, priority, mode, clear."""

    @pytest.fixture(autouse=True)
    def hand_over(self, plane):
        def switch(node, seen):
            plane.lead("n2")
            return Reply(200)

        plane.answers |= {
            "POST /v1/server/ha/switchover": switch,
            "POST /v1/server/ha/state": switch,
            "GET /v1/server/ha/history": [],
        }

    def test_switchover_shows_before_and_after(self, brookline, plane):
        ran = brookline("ha", "switchover", "--to", "n2", "--yes")
        assert ran.status == 0
        assert ran.out.startswith("n2 leads. Done in ")
        assert ran.err.index("Before:") < ran.err.index("Checks: n2 is a hot standby ✓")
        assert ran.err.index("Checks:") < ran.err.index("After:")
        [write] = plane["n1"].writes()
        assert write.body == b"to=n2instance"

    def test_a_change_says_why(self, brookline, plane):
        reason = ("--reason", "n1 has a bad disk")
        assert brookline("ha", "switchover", "--to", "n2", "--yes", *reason).status == 0
        assert plane["n1"].writes()[0].body == b"to=n2instance&reason=n1+has+a+bad+disk"
        plane.lead("n1")
        assert brookline("ha", "promote", "n2", "--yes", *reason).status == 0
        assert plane["n2"].writes()[0].body == b"mode=MASTER&reason=n1+has+a+bad+disk"

    @pytest.mark.parametrize("options", [("--to", "n2"), ()], ids=["named", "unnamed"])
    def test_a_node_that_has_just_come_is_waited_for(self, brookline, plane, options):
        looks = iter([None, None, 0])

        def states(node, seen):
            plane["n2"].fields["next"] = next(looks, 0)
            return Reply(body=json.dumps(plane.states(node)))

        plane.answers["GET /v1/server/ha/states"] = states
        ran = brookline("ha", "switchover", *options, "-y")
        assert ran.status == 0
        assert ran.err.count("n2 has just come; waiting until it stands in line") == 1

    def test_switchover_goes_to_the_first_in_line(self, brookline, plane):
        assert brookline("ha", "switchover", "-y").status == 0
        assert plane["n1"].writes()[0].body == b"to=n2instance"

    def test_an_answer_that_was_lost_is_no_failure_if_it_was_done(self, brookline, plane):
        def switch_and_die(node, seen):
            plane.lead("n2")

        plane.answers["POST /v1/server/ha/switchover"] = switch_and_die
        ran = brookline("ha", "switchover", "-y")
        assert ran.status == 0
        assert "looking who leads" in ran.err

    def test_nothing_is_done_without_a_yes(self, brookline, plane):
        ran = brookline("ha", "switchover")
        assert ran.status == 1
        assert "give --yes" in ran.err
        assert plane["n1"].writes() == []

    def test_a_node_that_cannot_follow_is_refused(self, brookline, plane):
        plane["n2"].status = "HOT_BACKUP"
        ran = brookline("ha", "switchover", "--to", "n2", "-y")
        assert ran.status == 16
        assert "n2 is HOT_BACKUP: it cannot follow" in ran.err

    def test_the_master_cannot_follow_itself(self, brookline):
        ran = brookline("ha", "switchover", "--to", "n1", "-y")
        assert ran.status == 16
        assert "n1 leads already" in ran.err

    def test_without_a_master_nobody_hands_over(self, brookline, plane):
        plane.lead("")
        assert "brookline ha promote" in brookline("ha", "switchover", "-y").err

    def test_a_change_that_does_not_come_ends_with_11(self, brookline, plane):
        plane.answers["POST /v1/server/ha/switchover"] = Reply(200)
        ran = brookline("ha", "switchover", "-y", "--timeout", "200ms")
        assert ran.status == 11
        assert "n1 leads" in ran.err

    def test_promote_asks_the_node_itself(self, brookline, plane):
        assert brookline("ha", "promote", "n2", "--yes").status == 0
        [write] = plane["n2"].writes()
        assert write.body == b"mode=MASTER"
        assert write.headers["brooklyn-allow-non-master-access"] == "true"
        assert plane["n1"].writes() == []

    def test_priority_is_set_on_the_node_by_name_or_id(self, brookline, plane):
        plane.answers["POST /v1/server/ha/priority"] = Reply(200, 0)
        assert brookline("ha", "priority", "n2", "5").out == "n2: priority 0 → 5\n"
        assert brookline("ha", "priority", "n2instance", "5").status == 0
        assert len(plane["n2"].writes()) == 2

    def test_a_node_that_is_out_of_reach_is_asked_through_another(self, brookline, plane):
        url = plane["n1"].url
        plane["n2"].stop()
        plane["n2"].fields["mode"] = "STANDBY"
        plane.answers |= {
            "POST /v1/server/ha/nodes/n2instance/priority": Reply(200, 3),
            "POST /v1/server/ha/nodes/n2instance/state": Reply(200, '"HOT_STANDBY"'),
        }
        assert brookline("ha", "priority", "n2", "5", urls=[url]).out == "n2: priority 3 → 5\n"
        ran = brookline("ha", "mode", "n2", "standby", "--reason", "disk", urls=[url])
        assert ran.out == "n2: HOT_STANDBY → HOT_STANDBY (mode STANDBY)\n"
        first, second = plane["n1"].writes()
        assert (first.body, second.body) == (b"priority=5", b"mode=STANDBY&reason=disk")
        assert first.headers["brooklyn-allow-non-master-access"] == "true"

    def test_so_is_one_whose_address_is_of_no_use_here(self, brookline, plane):
        plane["n2"].fields["nodeUri"] = ""
        plane.answers["POST /v1/server/ha/nodes/n2instance/state"] = plane.answers[
            "POST /v1/server/ha/state"
        ]
        ran = brookline("ha", "promote", "n2", "--yes", urls=[plane["n1"].url])
        assert ran.status == 0, ran.err
        assert plane["n1"].writes()[0].body == b"mode=MASTER"
        assert plane["n2"].writes() == []

    @pytest.mark.parametrize(
        ("uri", "said"), [("", "nobody knows its address"), (None, "no answer from http://")]
    )
    def test_where_nobody_passes_it_on_the_first_cause_is_told(self, brookline, plane, uri, said):
        plane["n2"].stop()
        if uri is not None:
            plane["n2"].fields["nodeUri"] = uri
        ran = brookline("ha", "priority", "n2", "5", urls=[plane["n1"].url])
        assert ran.status in (13, 16)
        assert said in ran.err

    def test_what_a_node_that_is_reached_says_is_final(self, brookline, plane):
        refused = {"message": "priority must be a whole number", "error": 400}
        plane.answers["POST /v1/server/ha/priority"] = Reply(400, refused)
        assert brookline("ha", "priority", "n2", "5").status == 2
        assert plane["n1"].writes() == []

    def test_a_negative_priority_is_a_number_too(self, brookline, plane):
        plane.answers["POST /v1/server/ha/priority"] = Reply(200, 0)
        assert brookline("ha", "priority", "n2", "--", "-1").status == 0

    def test_mode_tells_before_and_after(self, brookline, plane):
        plane.answers["POST /v1/server/ha/state"] = Reply(200, '"HOT_STANDBY"')
        ran = brookline("ha", "mode", "n2", "standby")
        assert ran.out == "n2: HOT_STANDBY → HOT_STANDBY (mode STANDBY)\n"

    def test_an_unknown_node_is_told_with_those_there_are(self, brookline):
        ran = brookline("ha", "priority", "n7", "1")
        assert ran.status == 2
        assert "its nodes: n1, n2" in ran.err

    def test_clear_forgets_what_has_ended(self, brookline, plane):
        plane.answers["POST /v1/server/ha/states/clear/node"] = Reply(200)
        assert "nothing to forget" in brookline("ha", "clear").out
        assert plane["n1"].writes() == []
        plane["n2"].status = "TERMINATED"
        assert brookline("ha", "clear").out == "forgot n2 (n2instance, TERMINATED)\n"
        [write] = plane["n1"].writes()
        assert write.body == b"nodeId=n2instance", "nobody who lives loses its place in line"

    def test_clear_of_one_node(self, brookline, plane):
        def forget(*_):
            plane.forgotten.add("n2")
            return Reply(200)

        plane["n2"].status = "FAILED"
        plane.answers["POST /v1/server/ha/states/clear/node"] = forget
        ran = brookline("ha", "clear", "n2")
        assert (ran.status, ran.out) == (0, "forgot n2 (n2instance, FAILED)\n")
        assert plane["n1"].writes()[0].body == b"nodeId=n2instance"

    def test_clear_of_a_node_that_lives_is_refused(self, brookline, plane):
        plane.answers["POST /v1/server/ha/states/clear/node"] = Reply(200)
        ran = brookline("ha", "clear", "n2")
        assert (ran.status, ran.out) == (16, "")
        assert "n2 lives (HOT_STANDBY): end it first; nothing was forgotten" in ran.err
        assert brookline("ha", "clear", "n1").status == 16


class TestWatch:
    """brookline ha status --watch."""

    @pytest.fixture
    def watch(self, plane, outside):
        tool = Tool(Access(tuple(plane.urls), "", "", "", ""), Output())
        with Client(plane.urls, patience=Patience(budget_s=0)) as client:
            yield Watch(tool, client)

    def test_piped_it_prints_the_plane_once_and_then_what_changes(self, plane, watch, capsys):
        watch.look()
        watch.look()
        first = capsys.readouterr().out
        assert first.count("NODE ") == 1
        plane["n1"].stop()
        plane["n1"].status = "FAILED"
        plane["n2"].status = "MASTER"
        watch.look()
        lines = [line.split(" ", 1)[1] for line in capsys.readouterr().out.splitlines()]
        assert lines == ["n1 leads no more", "n2 leads (epoch 3)", "n1: MASTER → FAILED"]

    def test_it_goes_on_when_nobody_answers(self, plane, watch, capsys):
        watch.look()
        for name in ("n1", "n2"):
            plane[name].stop()
        watch.look()
        watch.look()
        for name in ("n1", "n2"):
            plane[name].start()
        watch.look()
        out = capsys.readouterr().out
        assert out.count("nobody answers: none of the 2 known nodes answers") == 1
        assert "a node answers again" in out

    def test_on_a_screen_what_was_seen_last_stays_with_its_time(self, plane, outside):
        class Drawn(list):
            def draw(self, blocks):
                self.append(blocks)

        screen = Drawn()
        tool = Tool(Access(tuple(plane.urls), "", "", "", ""), Output())
        with Client(plane.urls, patience=Patience(budget_s=0)) as client:
            watch = Watch(tool, client, screen)
            watch.look()
            for name in ("n1", "n2"):
                plane[name].stop()
            watch.look()
        before, after = screen
        assert after[:2] == before[:2]
        assert after[2].startswith("! nobody answers; this is as of ")

    @pytest.mark.parametrize(
        ("form", "mark"), [("json", '{"planeId"'), ("yaml", "---\nplaneId")], ids=["json", "yaml"]
    )
    def test_as_data_it_prints_a_document_a_change(self, plane, outside, capsys, form, mark):
        tool = Tool(Access(tuple(plane.urls), "", "", "", ""), Output(form))
        with Client(plane.urls) as client:
            watch = Watch(tool, client)
            watch.look()
            watch.look()
            plane["n2"].fields["priority"] = 7
            watch.look()
        assert capsys.readouterr().out.count(mark) == 2

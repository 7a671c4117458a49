"""The demo's servers and witnesses; the whole of it runs in the end-to-end tests."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from brookline.cli.demo.listener import listener_pid
from brookline.cli.demo.nodes import Node, end_nodes, free_ports, is_alive, read_pid, runs_on
from brookline.cli.demo.stage import NotSeen, Stage
from brookline.cli.demo.story import shown_command
from brookline.cli.demo.witnesses import Reader, Record, Witness, Writer
from brookline.client.client import Client
from brookline.testing.http_plane import Reply, hang_up
from brookline.values.pace import SystemPace

PACE = SystemPace()


@pytest.fixture
def server_on(tmp_path):
    """Starts a process that looks like a server on a home, and ends by SIGTERM."""
    started = []

    def start(home, before="pass"):
        home.mkdir()
        code = f"import signal; {before}; print('ready', flush=True); signal.pause()"
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        (home / "pid.txt").write_text(f"{process.pid}\n")
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_servers_of_an_earlier_demo_are_ended_by_their_ids(server_on, tmp_path):
    one = server_on(tmp_path / "n1")
    assert runs_on(one.pid, tmp_path / "n1")
    assert end_nodes([tmp_path / "n1", tmp_path / "n2"], PACE) == [one.pid]
    assert not is_alive(one.pid)


def test_one_that_does_not_listen_is_ended_by_force(server_on, tmp_path):
    one = server_on(tmp_path / "n1", "signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    assert end_nodes([tmp_path / "n1"], PACE, patience_s=0.2) == [one.pid]


def test_a_process_that_got_the_number_of_a_dead_server_is_left_alone(tmp_path):
    home = tmp_path / "n1"
    home.mkdir()
    (home / "pid.txt").write_text(f"{os.getpid()}\n")
    assert read_pid(home) == os.getpid()
    assert end_nodes([home], PACE) == []


def test_ports_are_free_and_different():
    ports = free_ports(2)
    assert len(set(ports)) == 2
    assert len(set(free_ports(3))) == 3, "more than the usual ones"


def test_the_command_is_shown_as_a_user_would_type_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = shown_command(Node("n1", tmp_path, 8081).command("master"))
    assert shown == ("brookline server --home n1 --persistence-dir shared --port 8081 --ha master")


def test_waiting_for_what_does_not_come_says_what_and_how_it_stands(tmp_path):
    stage = Stage(tmp_path, PACE)
    with pytest.raises(NotSeen, match=r"n1 is MASTER \(waited 0 s\)"):
        stage.wait_for("n1 is MASTER", lambda: None, seconds=0)


def test_a_record_knows_its_longest_pause():
    record = Record(moments=[1.0, 1.1, 1.9, 2.0], failures=[(1.5, "no")])
    assert record.longest_pause_s(1.0, 2.0) == pytest.approx(0.8)
    assert record.longest_pause_s(1.0, 5.0) == 3.0, "also when nothing came at the end"
    assert record.first_after(1.1) == 1.9
    assert record.failures_since(1.6) == []


class TestWitnesses:
    """They keep the truth about what was answered."""

    PATH = "/v1/applications/app/entities/app/config/demo.write.{:05}"

    @pytest.fixture
    def writer(self, plane):
        for number in range(1, 9):
            plane.answers[f"POST {self.PATH.format(number)}"] = Reply(204)
        with Client(plane.urls) as client:
            yield Writer(client, "app", PACE)

    def test_a_write_whose_answer_was_lost_is_sent_again_and_counted(self, plane, writer):
        plane.mark = {}  # else the client does so itself
        plane["n1"].misbehave(hang_up)
        writer(Record())
        assert writer.acknowledged == ["demo.write.00001"]
        assert writer.repeated == 1

    def test_a_refused_write_is_a_failure_and_not_acknowledged(self, plane, writer):
        plane.answers[f"POST {self.PATH.format(1)}"] = Reply(500, {"message": "no"})
        record = Record()
        writer(record)
        assert writer.acknowledged == []
        assert record.failures[0][1] == "no"

    def test_an_acknowledged_write_that_is_not_there_is_missing(self, plane, writer):
        plane.answers["GET /v1/applications/app/entities/app/config/current-state"] = {
            "demo.write.00002": 2
        }
        writer(Record())
        writer(Record())
        assert writer.missing(writer._client) == ["demo.write.00001"]

    def test_a_reader_tells_a_page_from_an_error(self, plane):
        plane.answers["GET /page"] = Reply(200, "hello")
        record = Record()
        Reader(plane["n1"].url + "/page", PACE)(record)
        Reader(plane["n1"].url + "/other", PACE)(record)
        Reader("http://127.0.0.1:9/", PACE)(record)
        assert len(record.moments) == 1
        assert record.failures[0][1] == "status 404"
        assert len(record.failures) == 2

    def test_a_witness_goes_on_until_it_is_dismissed(self, plane, writer):
        with Witness("w", PACE, writer) as witness:
            while len(witness.record.moments) < 3:
                PACE.sleep(0.01)
        assert len(writer.acknowledged) == len(witness.record.moments)

    def test_the_process_behind_a_page_is_found(self, plane):
        port = int(plane["n1"].url.rpartition(":")[2])
        assert listener_pid(port) == os.getpid()
        assert listener_pid(9) == 0

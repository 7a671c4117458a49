"""deploy, invoke and activity: work that is waited for, through failovers too."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from brookline.cli.progress import phases_of
from brookline.testing.http_plane import Reply, hang_up

PLAN = "name: web\nservices: []\n"


def task(task_id="t1", name="start", **fields):
    fields = {"entityDisplayName": "web", "submitTimeUtc": 1, "startTimeUtc": 1000} | fields
    return {
        "id": task_id,
        "displayName": name,
        "currentStatus": "In progress",
        "isError": False,
        **fields,
    }


def part(task_id, name, parent, **fields):
    link = {"link": "", "metadata": {"id": parent, "taskName": ""}}
    return task(task_id, name, submittedByTask=link, **fields)


class Deployment:
    """An application that comes to run after so many looks at its task."""

    def __init__(self, plane, looks=2, end=(), below=(), status="RUNNING"):
        self.plane, self.looks, self.end, self.status = plane, looks, dict(end), status
        self.app = ""
        plane.answers["GET /v1/activities/t1"] = self.task
        plane.answers["GET /v1/activities/t1/children/recurse"] = {
            each["id"]: each for each in below
        }
        original = plane.answer
        plane.answer = lambda node, seen: self.put if seen.method == "PUT" else original(node, seen)

    def put(self, node, seen):
        self.app = seen.path.rpartition("/")[2]
        base = f"GET /v1/applications/{self.app}"
        self.plane.answers |= {
            base: lambda _n, _s: Reply(body={"id": self.app, "status": self.now()}),
            f"{base}/descendants/sensor/main.uri": {"srv": "http://x/"},
            f"{base}/entities/{self.app}/sensors/service.problems": {"start": "no port"},
            f"{base}/entities/{self.app}/activities": [task()],
        }
        return Reply(201, task(entityId=self.app))

    def now(self):
        return self.status if self.looks <= 0 else "STARTING"

    def task(self, node, seen):
        self.looks -= 1
        ended = {"endTimeUtc": 3000, "currentStatus": "Completed", **self.end}
        return Reply(body=task(**(ended if self.looks <= 0 else {})))


@pytest.fixture
def blueprint(tmp_path):
    path = tmp_path / "web.yaml"
    path.write_text(PLAN)
    return str(path)


def test_it_returns_at_once_with_id_and_task(brookline, plane, blueprint):
    deployment = Deployment(plane, looks=9)
    ran = brookline("deploy", blueprint, "-o", "json")
    assert ran.json()["id"] == deployment.app
    assert ran.json()["task"] == "t1"
    [write] = plane["n1"].writes()
    assert write.body == PLAN.encode()


def test_what_has_no_effect_is_told_at_its_place(brookline, plane, blueprint):
    deployment = Deployment(plane)
    put = deployment.put
    warnings = ["blueprint:3:3: 'brooklyn.policies' is known but has no effect"]
    deployment.put = lambda node, seen: Reply(201, put(node, seen).body | {"warnings": warnings})
    ran = brookline("deploy", blueprint)
    assert ran.status == 0
    assert f"warning: {blueprint}:3:3: 'brooklyn.policies' is known but has no effect\n" in ran.err


def test_it_waits_and_shows_the_phases_of_each_entity(brookline, plane, blueprint):
    below = [
        part("t2", "start", "t1", tags=["EFFECTOR"], entityDisplayName="server"),
        part("t3", "install", "t2", entityDisplayName="server", endTimeUtc=3100),
        part("t4", "ssh: apt", "t3", entityDisplayName="server"),
    ]
    Deployment(plane, below=below)
    ran = brookline("deploy", blueprint, "--wait")
    assert ran.status == 0
    assert "  server  install ✓ 2.1s\n" in ran.err
    assert "ssh" not in ran.err
    assert ran.out.startswith("web  ")
    assert ran.out.endswith("http://x/\n")


def test_the_wait_survives_the_death_of_the_master(brookline, plane, blueprint):
    deployment = Deployment(plane, looks=3)
    looked = deployment.task

    def die_then_answer(node, seen):
        if deployment.looks == 3:
            deployment.looks -= 1
            plane.lead("n2")
            return None
        return looked(node, seen)

    plane.answers["GET /v1/activities/t1"] = die_then_answer
    ran = brookline("deploy", blueprint, "--wait")
    assert ran.status == 0
    assert any(seen.path.startswith("/v1/activities") for seen in plane["n2"].requests)


def test_a_lost_answer_never_leads_to_two_applications(brookline, plane, blueprint):
    deployment = Deployment(plane, looks=9)

    def done_but_not_answered(node, seen):
        deployment.put(node, seen)

    plane.mark = {}  # no server of ours, that would answer it again
    plane["n1"].misbehave(done_but_not_answered)
    ran = brookline("deploy", blueprint, "-o", "json")
    assert ran.status == 0
    assert ran.json() | {"status": 0, "uri": 0} == {
        "id": deployment.app,
        "name": "web",
        "task": "t1",
        "status": 0,
        "uri": 0,
    }
    assert len(plane["n1"].writes() + plane["n2"].writes()) == 1


def test_a_deploy_that_is_not_answered_is_sent_again(brookline, plane, blueprint):
    Deployment(plane, looks=9)
    plane["n1"].misbehave(hang_up)
    assert brookline("deploy", blueprint).status == 0
    [first], [second] = plane["n1"].writes(), plane["n2"].writes()
    assert (first.path, first.body) == (second.path, second.body)
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


@pytest.mark.slow
def test_a_deploy_of_which_nothing_is_found_is_not_sent_again(brookline, plane, blueprint):
    plane.mark = {}
    Deployment(plane, looks=9)
    plane["n1"].misbehave(hang_up)
    ran = brookline("deploy", blueprint)
    assert ran.status == 17
    [write] = plane["n1"].writes() + plane["n2"].writes()
    assert (
        f"brookline deploy {blueprint} --id {write.path.rpartition('/')[2]} deploys it" in ran.err
    )


def test_it_ends_with_11_when_time_is_up(brookline, plane, blueprint):
    Deployment(plane, looks=10**9)
    ran = brookline("deploy", blueprint, "--wait", "--timeout", "300ms")
    assert ran.status == 11
    assert "timed out after 0.3 s: task t1 is In progress, and goes on\n" in ran.err
    assert "Next: brookline activity t1\n" in ran.err


def test_it_says_for_what_an_entity_waits(brookline, plane, blueprint):
    waits = {"entityDisplayName": "server", "blockingDetails": "Waiting for sensor http.port of x"}
    below = [
        part("t2", "start", "t1", tags=["EFFECTOR"], **waits),
        part("t3", "start", "t1", endTimeUtc=5, blockingDetails="Waiting no more"),
    ]
    Deployment(plane, looks=10**9, below=below)
    ran = brookline("deploy", blueprint, "--wait", "--timeout", "1500ms")
    assert ran.err.count("  server  waiting for sensor http.port of x\n") == 1
    assert "goes on\n  server: waiting for sensor http.port of x\nNext:" in ran.err
    assert "no more" not in ran.err


@pytest.mark.slow
def test_who_breaks_the_wait_off_is_told_that_the_work_goes_on(plane, outside, blueprint):
    below = [part("t2", "install", "t1", entityDisplayName="server")]
    Deployment(plane, looks=10**9, below=below)
    urls = [word for url in plane.urls for word in ("--url", url)]
    command = [sys.executable, "-m", "brookline.cli.main", *urls, "deploy", blueprint, "--wait"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as waiting:
        assert waiting.stderr is not None
        assert any("install" in line for line in waiting.stderr)  # it waits now
        waiting.send_signal(signal.SIGINT)
        rest = waiting.stderr.read()
    assert waiting.returncode == 130
    assert "task t1 goes on; see brookline activity t1\n" in rest


def test_it_fails_fast_with_12_and_the_reason_when_on_fire(brookline, plane, blueprint):
    deployment = Deployment(plane, looks=10**9)
    deployment.now = lambda: "ERROR"
    ran = brookline("deploy", blueprint, "--wait")
    assert ran.status == 12
    assert f"application {deployment.app} is ERROR: no port\nNext: brookline show" in ran.err


def test_a_failed_step_is_told_with_what_it_wrote(brookline, plane, blueprint):
    failed = part("t3", "launch", "t1", entityDisplayName="server", isError=True, endTimeUtc=9)
    Deployment(plane, below=[failed], end={"isError": True, "currentStatus": "Failed"})
    plane.answers["GET /v1/activities/t3"] = failed | {
        "result": "exit code 7",
        "streams": {"stderr": {}},
    }
    plane.answers["GET /v1/activities/t3/stream/stderr"] = Reply(body="no such port\n")
    ran = brookline("deploy", blueprint, "--wait")
    assert ran.status == 12
    assert "launch of server failed\n  exit code 7\n  stderr: no such port" in ran.err


def test_what_it_wrote_on_a_node_that_died_is_missing_and_the_reason_is_told(
    brookline, plane, blueprint
):
    failed = part("t3", "launch", "t1", isError=True, endTimeUtc=9)
    Deployment(plane, below=[failed], end={"isError": True, "currentStatus": "Failed"})
    plane.answers["GET /v1/activities/t3"] = failed | {
        "result": "exit code 7",
        "streams": {"stderr": {}},
    }
    ran = brookline("deploy", blueprint, "--wait")
    assert ran.status == 12
    assert "launch of web failed\n  exit code 7\nNext: brookline activity t3" in ran.err


def test_a_start_that_a_failover_cut_off_ends_with_17(brookline, plane, blueprint):
    end = {"isError": True, "interrupted": True, "result": "master died"}
    Deployment(plane, end=end)
    ran = brookline("deploy", blueprint, "--wait")
    assert ran.status == 17
    assert "start of web was cut off by a failover" in ran.err


def test_faults_of_a_blueprint_are_shown_with_the_files_name(brookline, plane, tmp_path):
    details = "blueprint:2:1: no such key\n    srvices:\n    ^"
    refusal = Reply(
        400,
        {"message": "Error in blueprint", "details": details, "data": {"faults": [{}]}},
    )
    plane["n1"].misbehave(lambda _node, _seen: refusal)
    path = tmp_path / "bad.yaml"
    path.write_text("srvices: []")
    ran = brookline("deploy", str(path))
    assert ran.status == 2
    assert ran.err == (
        f"{path}:2:1: no such key\n    srvices:\n    ^\n1 fault; nothing was deployed.\n"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), (b"name: \xff", "is not UTF-8: byte 6")],
    ids=["absent", "not-utf-8"],
)
def test_a_file_that_is_no_text_is_told(brookline, tmp_path, content, message):
    path = tmp_path / "x.yaml"
    if content is not None:
        path.write_bytes(content)
    ran = brookline("deploy", str(path))
    assert ran.status == 2
    assert message in ran.err


class TestInvoke:
    """Calling an effector."""

    @pytest.fixture(autouse=True)
    def answers(self, plane):
        path = "POST /v1/applications/web/entities/server/effectors/restart"
        plane.answers |= {
            path: Reply(202, task()),
            "GET /v1/activities/t1": task(endTimeUtc=5, result={"n": 1}),
            "GET /v1/activities/t1/children/recurse": {},
        }

    def test_it_waits_for_the_result(self, brookline, plane):
        ran = brookline("invoke", "web", "server", "restart", "-P", "a=1")
        assert ran.out == '{"n": 1}\n'
        assert "restart of web has ended well" in ran.err
        [write] = plane["n1"].writes()
        assert (write.query, write.body) == ("timeout=0", b'{"a": "1"}')

    def test_without_a_result_it_prints_none(self, brookline, plane):
        plane.answers["GET /v1/activities/t1"] = task(endTimeUtc=5)
        assert brookline("invoke", "web", "server", "restart").out == ""

    def test_it_need_not_wait(self, brookline):
        assert brookline("invoke", "web", "server", "restart", "--no-wait").out == "task t1\n"

    def test_a_parameter_that_the_effector_does_not_have_is_told(self, brookline, plane):
        plane.answers["GET /v1/applications/web/entities/server/effectors"] = [
            {"name": "restart", "parameters": [{"name": "restartChildren"}]}
        ]
        ran = brookline("invoke", "web", "server", "restart", "-P", "restartChilden=true")
        assert ran.status == 0
        assert (
            "! restart has no parameter 'restartChilden', so it is ignored;"
            " did you mean 'restartChildren'?" in ran.err
        )
        ran = brookline("invoke", "web", "server", "restart", "-P", "restartChildren=true")
        assert "has no parameter" not in ran.err

    def test_a_target_without_an_effector_is_a_usage_error(self, brookline):
        assert brookline("invoke", "web").status == 1


class TestActivity:
    """Looking at what was done."""

    def test_all_tasks_are_listed_the_latest_first(self, brookline, plane):
        plane.answers |= {
            "GET /v1/applications/fetch": [{"id": "a", "name": "a", "children": [{"id": "b"}]}],
            "GET /v1/applications/a/entities/b/activities": [part("t3", "ssh", "t1")],
            "GET /v1/applications/a/entities/a/activities": [
                task("t1", submitTimeUtc=1),
                task("t2", "stop", submitTimeUtc=2, endTimeUtc=1400, currentStatus="Completed"),
            ],
        }
        lines = brookline("activity").out.splitlines()
        assert len(lines) == 3, "without the parts of tasks"
        assert "t3" in brookline("activity", "--all").out
        assert lines[1].split()[:5] == ["stop", "t2", "web", "Completed", "0.4s"]
        assert lines[2].startswith("start  t1")

    def test_the_tasks_of_one_entity_are_parts_of_those_of_another(self, brookline, plane):
        plane.answers["GET /v1/applications/a/entities/b/activities"] = [
            part("t2", "start", "t1"), part("t3", "launch", "t2"),
        ]  # fmt: skip
        lines = brookline("activity", "--app", "a", "--entity", "b").out.splitlines()
        assert [line.split()[:2] for line in lines[1:]] == [["start", "t2"]]

    def test_one_task_is_shown_with_its_parts(self, brookline, plane):
        link = {"link": "", "metadata": {"id": "t2"}}
        plane.answers |= {
            "GET /v1/activities/t1": task(
                children=[link], interrupted=True, currentStatus="Failed", endTimeUtc=2000
            ),
            "GET /v1/activities/t1/children/recurse": {
                "t2": part(
                    "t2", "launch", "t1", streams={"stdout": {"metadata": {"sizeText": "1 kB"}}}
                )
            },
        }
        out = brookline("activity", "t1").out
        assert "start  t1  Interrupted" in out
        assert "launch  t2    web" in out

    def test_a_stream_is_printed_as_it_is(self, brookline, plane):
        plane.answers["GET /v1/activities/t1/stream/stdout"] = Reply(body="one\ntwo")
        assert brookline("activity", "t1", "--stream", "stdout").out == "one\ntwo"
        assert brookline("activity", "t1", "-s", "stdout", "-o", "json").json() == "one\ntwo"

    def test_a_stream_that_is_kept_nowhere_is_told(self, brookline, plane):
        text = "the stream 'stdout' is kept on the node that ran it, and that does not answer"
        gone = Reply(404, {"message": text, "error": 404})
        plane.answers["GET /v1/activities/t1/stream/stdout"] = gone
        ran = brookline("activity", "t1", "--stream", "stdout")
        assert (ran.status, ran.out) == (2, "")
        assert text in ran.err

    def test_a_stream_is_followed_to_the_end_of_the_task(self, brookline, plane):
        texts = iter(["one\n", "one\ntwo\n"])
        looks = iter([task(), task(endTimeUtc=5)])
        plane.answers |= {
            "GET /v1/activities/t1": lambda _n, _s: Reply(body=next(looks)),
            "GET /v1/activities/t1/stream/stdout": lambda _n, _s: Reply(body=next(texts)),
        }
        assert brookline("activity", "t1", "-s", "stdout", "-f").out == "one\ntwo\n"

    def test_a_stream_needs_a_task(self, brookline):
        assert brookline("activity", "--stream", "stdout").status == 1

    def test_what_is_followed_has_no_form(self, brookline):
        ran = brookline("activity", "t1", "-s", "stdout", "-f", "-o", "json")
        assert (ran.status, ran.out) == (1, "")


def test_steps_are_the_parts_of_effector_calls():
    tasks = [
        task("call", "start", tags=["EFFECTOR"]),
        part("step", "install", "call"),
        part("inner", "ssh", "step"),
        part("nested", "start", "step", tags=["EFFECTOR"]),
    ]
    assert [phase.name for phase in phases_of(tasks)] == ["install"]

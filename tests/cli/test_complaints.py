"""What a user reads when a command fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from brookline.cli.complaints import complaint
from brookline.client.exchange import Cause
from brookline.errors import NotFound, Outcome, Unavailable
from brookline.server.lock import Holder, HomeInUse


def test_who_names_a_home_in_use_is_not_told_to_start_a_server():
    error = HomeInUse(Path("n1"), Holder(name="n1", pid=7, url="http://127.0.0.1:8081"))
    [line] = complaint(error).splitlines()
    assert "process 7 at http://127.0.0.1:8081; name another --home" in line


def test_who_reaches_nobody_is():
    error = Unavailable("nobody answers", Outcome.NOT_DONE)
    assert complaint(error).splitlines()[1].startswith("Next: start a server")


@pytest.mark.parametrize(
    ("cause", "step"),
    [
        (Cause.ABSENT, "start a server"),
        (Cause.UNTRUSTED, "give --cacert FILE"),
        (Cause.NOT_TLS, "give its address with http://"),
        (Cause.HUNG_UP, "look whether its process has ended, or give its address with https://"),
        (Cause.SILENT, "look whether its process is stopped"),
    ],
)
def test_who_gets_no_answer_is_told_what_helps(cause, step):
    error = Unavailable("no answer", Outcome.NOT_DONE)
    error.data["cause"] = cause.value
    assert complaint(error).splitlines()[1].startswith(f"Next: {step}")


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("/v1/activities/x", "brookline activity lists"),
        ("/v1/interrupted/x/resume", "brookline interrupted lists"),
        ("/v1/activities/x/stream/env", "brookline activity TASK names"),
        ("/v1/applications/a/entities/b/effectors/c", "brookline effectors APP ENTITY lists"),
        ("/v1/applications/a/entities/b", "brookline tree lists"),
    ],
)
def test_what_is_not_there_is_told_with_who_lists_what_is(path, command):
    error = NotFound("there is none", data={"path": path})
    assert complaint(error).splitlines()[1].startswith(f"Next: {command}")

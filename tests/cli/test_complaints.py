"""What a user reads when a command fails."""

from __future__ import annotations

from pathlib import Path

from brookline.cli.complaints import complaint
from brookline.errors import Outcome, Unavailable
from brookline.server.lock import Holder, HomeInUse


def test_who_names_a_home_in_use_is_not_told_to_start_a_server():
    error = HomeInUse(Path("n1"), Holder(name="n1", pid=7, url="http://127.0.0.1:8081"))
    [line] = complaint(error).splitlines()
    assert "process 7 at http://127.0.0.1:8081; name another --home" in line


def test_who_reaches_nobody_is():
    error = Unavailable("nobody answers", Outcome.NOT_DONE)
    assert complaint(error).splitlines()[1].startswith("Next: start a server")

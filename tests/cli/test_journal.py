"""brookline journal, on journals in real folders."""

from __future__ import annotations

import json

import pytest
from tests.journal.folders import FolderLog

from brookline.cli.main import run
from brookline.cli.times import stamp
from brookline.wire.changes import Drop, Merge, Put
from brookline.wire.entries import Resign


@pytest.fixture
def log(tmp_path):
    log = FolderLog(tmp_path / "store")
    log.lead("instance01", "n1")
    log.put(
        Put("entity", "webid00001", {"name": "web", "parent": "", "password": "hidden-in-log"}),
        Put("request", "admin/=1", {}),
        user="admin",
    )
    log.put(Merge("sensors", "webid00001", {"a": 1, "b": 2}))
    log.append(Resign(to="instance02", reason="stopped"))
    log.lead("instance02", "n2")
    log.put(Put("task", "task000001", {"name": "start", "entityName": "web", "status": "running"}))
    log.put(Drop("entity", "webid00001"), user="eve")
    return log


@pytest.fixture
def journal(log, outside, capsys):
    def command(*arguments, store=None):
        status = run(["journal", *arguments, "--persistence-dir", str(store or log.folder)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return command


def sequences(journal, *arguments):
    status, out, err = journal("show", "-o", "json", *arguments)
    assert status == 0, err
    return [json.loads(line)["sequence"] for line in out.splitlines()]


def test_it_says_who_led_who_changed_what_and_never_a_value(journal, log):
    status, out, _ = journal("show")
    lines = out.splitlines()
    assert status == 0
    assert [line.split()[0] for line in lines[1:]] == list("123456789")
    assert (
        f"1  {stamp(log.wall_ms(1))}      1  n1            -             [fence] leads" in lines[1]
    )
    assert lines[3].endswith("admin         entity web written")
    assert lines[4].endswith("sensors of web: a, b")
    assert lines[5].endswith("[resign] leads no more, in favour of instance02: stopped")
    assert lines[8].endswith("n2            -             task start of web: running")
    assert lines[9].endswith("eve           entity web removed")
    assert "hidden-in-log" not in out


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (["--from", "3", "--to", "5"], [3, 4, 5]),
        (["--kind", "fence"], [1, 6]),
        (["--kind", "task", "--kind", "resign"], [5, 8]),
        (["--by", "admin"], [3]),
        (["--user", "admin"], [3]),
        (["--record", "web"], [3, 4, 9]),
        (["--record", "entity/webid00001"], [3, 9]),
        (["--record", "webid00001", "--kind", "sensors"], [4]),
        (["--limit", "2"], [8, 9]),
        (["--by", "nobody"], []),
    ],
)
def test_what_is_chosen(journal, arguments, found):
    assert sequences(journal, *arguments) == found


def test_moments(journal, log):
    assert sequences(journal, "--since", str(log.wall_ms(8))) == [8, 9]
    assert sequences(journal, "--until", stamp(log.wall_ms(2))) == [1, 2]
    assert sequences(journal, "--until", "1h") == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert sequences(journal, "--since", "1h") == []


def test_names_are_known_from_the_snapshot_before(journal, log):
    log.put(Put("entity", "dbid000001", {"name": "db"}))
    log.snapshot()
    log.put(Merge("sensors", "dbid000001", {"up": True}))
    status, out, _ = journal("show", "--from", "12")
    assert status == 0
    assert out.splitlines()[1].endswith("sensors of db: up")


def test_a_sound_log_is_verified(journal, log):
    log.snapshot()
    status, out, _ = journal("verify")
    assert status == 0
    assert "read 10 entries (1 to 10, 2 fences), 1 snapshots, 0 blobs" in out
    assert out.endswith("all is as it was written\n")


def test_a_broken_log_is_named_with_what_to_do(journal, log):
    log.file(4).write_bytes(b"x")
    status, out, _ = journal("verify")
    assert status == 3
    assert "first broken key: journal/0000000/0000000004" in out
    assert "Next: put that very file back from a backup" in out
    status, out, err = journal("show")
    assert status == 3
    assert len(out.splitlines()) == 4
    assert "entry journal/0000000/0000000004 is damaged" in err


def test_a_missing_plane_key_is_a_fault_among_others(journal, log):
    (log.folder / "plane").unlink()
    log.file(4).write_bytes(b"x")
    status, out, _ = journal("verify")
    assert status == 3
    assert "first broken key: plane" in out
    assert "FAULT entry journal/0000000/0000000004 is damaged" in out


def test_the_store_is_found_by_a_home(log, outside, capsys, tmp_path):
    for name in ("n1", "n2"):
        (tmp_path / name / "data").mkdir(parents=True)
        note = {"id": name, "store": str(log.folder), "plane": "p"}
        (tmp_path / name / "data" / "node.json").write_text(json.dumps(note))
    assert run(["journal", "verify"]) == 0
    assert run(["journal", "verify", "--home", "n2"]) == 0
    (tmp_path / "n2" / "data" / "node.json").write_text(json.dumps({"store": "/elsewhere"}))
    assert run(["journal", "verify"]) == 2
    assert "homes of several planes here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["show", "--since", "yesterday"], 1, "is no moment"),
        (["show", "--from", "5", "--to", "2"], 2, "--to 2 comes before --from 5"),
        (["show", "--from", "x"], 1, "not a valid integer"),
        (["show", "--from", "-5"], 1, "-5 is not in the range x>=1"),
        (["show", "--to", "0"], 1, "0 is not in the range x>=1"),
        (["show", "-n", "0"], 1, "0 is not in the range x>=1"),
        (["show", "--kind", "nosuch"], 2, "--kind nosuch is none: of entries there are fence, "),
        (["show", "--since", "1h", "--until", "2h"], 2, "comes before --since"),
    ],
)
def test_bad_input(journal, arguments, status, said):
    ended, _, err = journal(*arguments)
    assert ended == status
    assert said in err


def test_a_store_that_is_none(journal, tmp_path, outside, capsys):
    (tmp_path / "empty").mkdir()
    assert journal("show", store=tmp_path / "nowhere")[0] == 2
    assert not (tmp_path / "nowhere").exists()
    status, _, err = journal("verify", store=tmp_path / "empty")
    assert status == 2
    assert "holds no plane" in err
    assert run(["journal", "show"]) == 2
    assert "--persistence-dir" in capsys.readouterr().err

import contextlib
import resource

import pytest

from brookline.operations.streams import Streams


@pytest.fixture
def streams(tmp_path):
    return Streams(tmp_path, limit_bytes=80)


def whole(streams, start=0):
    return b"".join(streams.read("t1", "stdout", start))


def test_a_stream_can_be_read_while_it_grows(streams):
    assert streams.append("t1", "stdout", b"one\n") == 4
    assert whole(streams) == b"one\n"
    assert streams.append("t1", "stdout", b"two\n") == 8
    assert whole(streams) == b"one\ntwo\n"
    assert whole(streams, 4) == b"two\n"
    assert streams.size("t1", "stdout") == 8


def test_a_long_stream_keeps_its_beginning_and_its_end(streams, tmp_path):
    lines = [b"line %04d\n" % n for n in range(100)]
    for line in lines:
        streams.append("t1", "stdout", line)
    text = whole(streams)
    assert text.startswith(b"".join(lines[:4]))
    assert text.endswith(b"".join(lines[-3:]))
    assert streams.size("t1", "stdout") == 1000
    kept = sum(path.stat().st_size for path in (tmp_path / "t1").iterdir())
    assert 60 <= kept <= 80
    assert b"[... %d bytes are not kept ...]" % (1000 - kept) in text


def test_it_is_told_which_parts_of_a_stream_are_kept(streams):
    streams.append("t1", "stdout", b"x" * 30)
    assert streams.piece("t1", "stdout").kept == ((0, 30),)
    streams.append("t1", "stdout", b"x" * 70)
    (begin, behind), (later, end) = streams.piece("t1", "stdout").kept
    assert (begin, behind, end) == (0, 40, 100)
    assert behind < later
    assert streams.piece("t1", "stdout", later).content == b"x" * (end - later)
    assert streams.piece("t1", "stderr").kept == ()


def test_one_huge_write_is_bounded_too(streams, tmp_path):
    streams.append("t1", "stdout", bytes(range(256)) * 40)
    assert sum(path.stat().st_size for path in (tmp_path / "t1").iterdir()) <= 80
    assert whole(streams).startswith(bytes(range(40)))
    assert streams.size("t1", "stdout") == 256 * 40


def test_reading_on_from_a_place_that_is_not_kept_says_so(streams):
    for n in range(100):
        streams.append("t1", "stdout", b"line %04d\n" % n)
    assert whole(streams, 500).startswith(b"\n[... ")
    assert whole(streams, 1000) == b""


def test_streams_of_a_task_are_named_and_dropped(streams):
    streams.append("t1", "stdout", b"x")
    streams.append("t1", "env", b"A=1")
    assert streams.names("t1") == ["env", "stdout"]
    streams.drop("t1")
    assert streams.names("t1") == []
    assert whole(streams) == b""


def test_a_full_disk_costs_the_stream_and_not_the_work(tmp_path, caplog):
    (tmp_path / "t1").write_text("a file where the folder should be")
    streams = Streams(tmp_path)
    streams.append("t1", "stdout", b"x")
    assert "stream not written" in caplog.text
    assert whole(streams) == b"\n[... 1 bytes are not kept ...]\n"


def test_what_comes_after_a_full_disk_stands_at_its_own_place(tmp_path):
    streams = Streams(tmp_path)
    assert streams.append("t1", "stdout", b"AAAA") == 4
    with files_of_at_most(6):
        assert streams.append("t1", "stdout", b"BBBB") == 8

    assert (streams.size("t1", "stdout"), streams.piece("t1", "stdout").end) == (8, 8)
    assert whole(streams, 4) == b"BB\n[... 2 bytes are not kept ...]\n"
    assert streams.append("t1", "stdout", b"CCCC") == 12
    assert whole(streams) == b"AAAABB\n[... 2 bytes are not kept ...]\nCCCC"
    assert whole(streams, 8) == b"CCCC"
    assert streams.piece("t1", "stdout").kept == ((0, 6), (8, 12))
    assert streams.append("t1", "stdout", b"DDDD") == 16
    assert streams.piece("t1", "stdout").kept == ((0, 6), (8, 16))


@contextlib.contextmanager
def files_of_at_most(size):
    """Let no file of this process grow further; who tries is told so, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_streams_of_unknown_tasks_go(streams, tmp_path):
    for task_id in ("t1", "t2"):
        streams.append(task_id, "stdout", b"x")
    streams.drop_unknown(lambda one: one == "t2")
    assert [path.name for path in tmp_path.iterdir()] == ["t2"]

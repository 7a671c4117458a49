"""Where output goes decides how it looks: plain text in a pipe, rich on a terminal."""

from __future__ import annotations

import io
import os
import pty
import re
import signal
import subprocess
import sys

import pytest

from brookline.cli.blocks import Heading, Table
from brookline.cli.output import Output, is_terminal
from brookline.cli.plain import lines
from brookline.cli.terminal import STYLES, Terminal

ESCAPE = "\x1b["
STATES = Table(("NODE", "ROLE"), [("n1", "MASTER"), ("n2", "HOT_STANDBY")])
TREE = Table(
    ("ENTITY", "ID"),
    [("Shop", "a"), ("tier", "b"), ("web", "c"), ("db", "d"), ("Other", "e")],
    depths=(0, 1, 2, 1, 0),
)


class Screen(io.StringIO):
    """What a terminal would be sent."""

    def isatty(self):
        return True


@pytest.fixture
def drawn(monkeypatch):
    """Draws blocks on a terminal of that many columns and returns what it was sent."""
    for name in ("NO_COLOR", "COLORTERM", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")

    def draw(*blocks, columns=80, colour=False):
        monkeypatch.setenv("COLUMNS", str(columns))
        screen = Screen()
        terminal = Terminal(screen, colour=colour)
        for block in blocks:
            terminal.show(block)
        return [line.rstrip() for line in screen.getvalue().splitlines()]

    return draw


class TestPlain:
    """Text for pipes: the same everywhere, a row a line."""

    def test_columns_are_padded_by_two_blanks(self):
        assert list(lines(STATES)) == ["NODE  ROLE", "n1    MASTER", "n2    HOT_STANDBY"]

    def test_a_tree_is_told_by_blanks(self):
        assert list(lines(TREE)) == [
            "ENTITY   ID",
            "Shop     a",
            "  tier   b",
            "    web  c",
            "  db     d",
            "Other    e",
        ]

    def test_a_row_stays_a_line_and_cannot_move_the_cursor(self):
        [_, row] = lines(Table(("A",), [("one\r\ntwo\x1b[2Jthree\x9b",)]))
        assert row == "one two␛[2Jthree�"

    def test_a_heading_is_its_words(self):
        assert list(lines(Heading("Shop", ("a", "RUNNING")))) == ["Shop  a  RUNNING"]


class TestTerminal:
    """Drawn by rich."""

    def test_words_and_columns_are_those_of_plain_text(self, drawn):
        assert drawn(STATES) == list(lines(STATES))

    def test_states_are_coloured_beside_their_words(self, drawn):
        assert f"{ESCAPE}32mMASTER" in "".join(drawn(STATES, colour=True))
        assert ESCAPE not in "".join(drawn(STATES, Heading("x", ("MASTER",)), TREE))

    def test_a_heading_stands_out(self, drawn):
        [line] = drawn(Heading("Shop", ("a", "ON_FIRE")), colour=True)
        assert line == f"{ESCAPE}1mShop{ESCAPE}0m  a  {ESCAPE}31mON_FIRE{ESCAPE}0m"

    def test_a_tree_has_branches(self, drawn):
        assert drawn(TREE) == [
            "ENTITY       ID",
            "Shop         a",
            "├── tier     b",
            "│   └── web  c",
            "└── db       d",
            "Other        e",
        ]

    def test_what_does_not_fit_is_folded_and_not_lost(self, drawn):
        table = Table(("K", "VALUE"), [("a", "one two three four five six")], folds=("VALUE",))
        assert drawn(table, columns=22) == ["K  VALUE", "a  one two three four", "   five six"]

    @pytest.mark.parametrize(
        ("columns", "header"),
        [(13, "A     BEE   C"), (12, "A     C"), (7, "A     C"), (6, "A")],
    )
    def test_spare_columns_go_first(self, drawn, columns, header):
        rows = [("aaaa", "bbbb", "c")]
        table = Table(("A", "BEE", "C"), rows, spare=("BEE", "C"))
        assert drawn(table, columns=columns)[0] == header

    def test_without_rows_the_titles_remain(self, drawn):
        assert drawn(Table(("A", "B"), [])) == ["A  B"]

    def test_values_cannot_move_the_cursor_and_are_no_markup(self, drawn):
        table = Table(("A",), [("\x1b[2J[red]:smile:[/red]\ntwo",)])
        assert drawn(table) == ["A", "␛[2J[red]:smile:[/red]", "two"]

    def test_a_name_of_several_lines_is_one_of_a_tree(self, drawn):
        table = Table(("A", "B"), [("one\ntwo", "1"), ("x\x1b[2J", "2")], depths=(0, 1))
        assert drawn(table) == ["A          B", "one two    1", "└── x␛[2J  2"]
        assert drawn(Heading("one\n\x1b[2J")) == ["one ␛[2J"]

    def test_a_screen_replaces_what_it_drew_and_shows_the_cursor_again(self, monkeypatch):
        monkeypatch.setenv("COLUMNS", "80")
        sent = Screen()
        with Terminal(sent, colour=False).screen() as screen:
            screen.draw(["one", "two"])
            screen.draw(["three"])
        text = sent.getvalue()
        up_a_line = f"{ESCAPE}1A{ESCAPE}2K"
        assert re.search(rf"one *\ntwo *\r{re.escape(ESCAPE)}2K{re.escape(up_a_line)}three", text)
        assert text.endswith(f"\n{ESCAPE}?25h")

    def test_a_terminal_that_was_made_narrower_is_wiped(self, monkeypatch):
        monkeypatch.setenv("COLUMNS", "80")
        sent = Screen()
        terminal = Terminal(sent, colour=False)
        with terminal.screen() as screen:
            screen.draw(["one"])
            terminal._console.width = 40
            screen.draw(["two"])
        assert sent.getvalue().count(f"{ESCAPE}2J{ESCAPE}H") == 1

    def test_each_state_has_a_colour_that_exists(self, drawn):
        assert len(drawn(*(Heading("x", (state,)) for state in STYLES), colour=True)) == len(STYLES)


@pytest.mark.parametrize("term", ["", "dumb", "unknown"])
def test_a_terminal_that_cannot_move_its_cursor_is_none(term):
    assert is_terminal(Screen(), {"TERM": "xterm"})
    assert not is_terminal(Screen(), {"TERM": term})
    assert not is_terminal(io.StringIO(), {"TERM": "xterm"})


def test_a_line_cannot_move_the_cursor_of_a_terminal_and_stays_as_it_is_in_a_pipe(monkeypatch):
    for stream, text in ((Screen(), "␛[2Jx\n"), (io.StringIO(), "\x1b[2Jx\n")):
        monkeypatch.setattr("sys.stdout", stream)
        Output().show("\x1b[2Jx")
        assert stream.getvalue() == text


def test_an_empty_table_is_told(capsys):
    Output().show(Table(("A",), []))
    assert capsys.readouterr() == ("A\n", "There are none.\n")


@pytest.mark.parametrize(("form", "text"), [("json", '{"a": 1}\n'), ("yaml", "---\na: 1\n")])
def test_values_that_come_one_after_the_other_can_be_told_apart(form, text, capsys):
    Output(form).append({"a": 1})
    assert capsys.readouterr().out == text


class Terminals:
    """Runs `brookline` in processes whose stdout is a terminal, or is none."""

    def __init__(self, plane, folder):
        self.options = [word for url in plane.urls for word in ("--url", url)]
        self.folder = folder

    def start(self, *arguments, code="pass", **environment):
        main, ours = pty.openpty()
        run = f"import sys; {code}; from brookline.cli.main import main; main()"
        process = subprocess.Popen(
            [sys.executable, "-c", run, *self.options, *arguments],
            stdin=ours,
            stdout=ours,
            stderr=ours,
            cwd=self.folder,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "80", **environment},
        )
        os.close(ours)
        return process, main

    def run(self, *arguments, **options):
        process, main = self.start(*arguments, **options)
        text = "".join(self.read(main))
        os.close(main)
        return process.wait(20), text.replace("\r\n", "\n")

    def read(self, main):
        while True:
            try:
                part = os.read(main, 4096)
            except OSError:  # the other side was closed: how terminals end
                return
            if not part:
                return
            yield part.decode()


@pytest.fixture
def terminal(plane, outside, tmp_path, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    plane.answers["GET /v1/applications"] = [{"id": "web1", "status": "RUNNING"}]
    return Terminals(plane, tmp_path)


TELL_RICH = "import atexit; atexit.register(lambda: print('rich' in sys.modules))"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "environment", "coloured", "rich"),
    [
        pytest.param((), {}, True, True, id="terminal"),
        pytest.param((), {"NO_COLOR": "1"}, False, True, id="NO_COLOR"),
        pytest.param(("--no-color",), {}, False, True, id="no-color"),
        pytest.param((), {"TERM": "dumb"}, False, False, id="dumb"),
        pytest.param(("-o", "json"), {}, False, False, id="json"),
    ],
)
def test_colours_can_be_done_without(terminal, arguments, environment, coloured, rich):
    status, text = terminal.run("apps", *arguments, code=TELL_RICH, **environment)
    assert status == 0
    assert "RUNNING" in text
    assert (f"{ESCAPE}32mRUNNING" in text, ESCAPE in text) == (coloured, coloured)
    assert text.endswith(f"{rich}\n")


@pytest.mark.slow
def test_a_pipe_gets_plain_text_without_rich(terminal):
    run = f"import sys; {TELL_RICH}; from brookline.cli.main import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", run, *terminal.options, "apps"],
        capture_output=True,
        env={**os.environ, "TERM": "xterm"},
        text=True,
        check=True,
    )
    assert ran.stdout == "ID    NAME  STATUS\nweb1  web1  RUNNING\nFalse\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_a_watch_is_redrawn_until_it_is_ended_and_leaves_the_cursor(terminal, number, status):
    process, main = terminal.start("ha", "status", "--watch")
    text = ""
    for part in terminal.read(main):
        text += part
        if number and text.count("Ctrl-C ends.") >= 2:
            process.send_signal(number)
            number = None
    os.close(main)
    assert process.wait(20) == status
    assert f"{ESCAPE}1A{ESCAPE}2K" in text
    assert text.rstrip().endswith(f"{ESCAPE}?25h")

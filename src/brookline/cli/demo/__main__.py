"""python -m brookline.cli.demo [--keep] [--stop]."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from brookline.cli.blocks import Table
from brookline.cli.demo.narration import Narration
from brookline.cli.demo.nodes import is_alive
from brookline.cli.demo.stage import NotSeen, Stage
from brookline.cli.demo.story import Story
from brookline.cli.moments import duration
from brookline.cli.output import Output
from brookline.errors import BrooklineError
from brookline.values.pace import SystemPace

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = ".demo"
HEADERS = ("CHANGE", "DETECT", "ELECT", "TAKE OVER", "FIRST WRITE", "LONGEST PAUSE", "REFUSED")


@click.command()
@click.option("--keep", is_flag=True, help="Leave all of it running. [KEEP=1]")
@click.option("--stop", is_flag=True, help="End what --keep has left running, and do nothing else.")
@click.option(
    "--blueprint",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=Path("examples/web.yaml"),
    help="What to deploy: something with a page.  [default: examples/web.yaml]",
)
def main(*, keep: bool, stop: bool, blueprint: Path) -> None:
    """Show how an application outlives `kill -9` of the server that manages it."""
    keep = keep or os.environ.get("KEEP", "") not in ("", "0")
    pace = SystemPace()
    tell = Narration(pace, Output())
    stage = Stage(Path(FOLDER).resolve(), pace)
    signal.signal(signal.SIGTERM, _interrupt)
    ended = stage.end_earlier()
    if ended:
        tell.say(f"ended an earlier demo (processes {', '.join(map(str, ended))})")
    if not stop:
        sys.exit(_show(stage, tell, blueprint, keep=keep))


def _show(stage: Stage, tell: Narration, blueprint: Path, *, keep: bool) -> int:
    story = Story(stage, tell, blueprint)
    seen = False
    try:
        story.play()
        seen = True
        tell.title("Timeline")
        tell.table(_timeline(story))
        tell.more(_remarks(story))
        tell.more(_afterwards(stage, story, keep=keep))
    except NotSeen as failure:
        _failed(stage, tell, failure.what, failure.so_far)
    except (BrooklineError, OSError) as failure:
        _failed(stage, tell, "all goes well", str(failure))
    except KeyboardInterrupt:
        tell.say("interrupted")
        return 130
    finally:
        if not (keep and seen):
            _end(stage, story, tell)
    return 0 if seen else 1


def _failed(stage: Stage, tell: Narration, what: str, so_far: str) -> None:
    tell.say(f"✗ not seen: {what}" + (f" - {so_far}" if so_far else ""))
    for node in stage.nodes.values():
        tell.title(f"The last lines of {node.name}'s log ({os.path.relpath(node.console)})")
        tell.more(node.log_tail() or ["(empty)"])


def _timeline(story: Story) -> Table:
    rows = [
        (
            change.title,
            duration(change.row.detect_ms),
            duration(change.row.elect_ms),
            duration(change.row.replay_ms),
            duration((change.first_write - change.began) * 1000),
            duration(change.pause_s * 1000),
            str(change.refused),
        )
        for change in story.changes
    ]
    return Table(HEADERS, rows, folds=HEADERS[:1])


def _remarks(story: Story) -> Iterator[str]:
    yield ""
    repeated = sum(change.repeated for change in story.changes)
    if repeated:
        yield f"{repeated} write(s) in flight when the master died were sent again by the client."
    yield story.slow.summary
    yield "The page, served by a process of its own, did not notice any of it."


def _afterwards(stage: Stage, story: Story, *, keep: bool) -> Iterator[str]:
    yield ""
    if not keep:
        yield f"All of it is ended now. Logs and state are in {FOLDER}/; look around in a living one with"
        yield "    make demo KEEP=1"
        return
    n1, n2 = stage.nodes.values()
    yield f"It goes on running:  n1 {n1.url}   n2 {n2.url}   page {story.page}"
    yield f"Log in as admin with password {stage.password}   (also in {FOLDER}/n1/admin-password)"
    yield "Try next:"
    yield f"    cd {FOLDER}                         # commands find addresses and password here"
    yield "    ../.venv/bin/brookline ha status --watch"
    yield f"    kill -9 $(cat n1/pid.txt)          # in another terminal, in {FOLDER} too"
    yield "    ../.venv/bin/brookline ha history"
    yield f"    ../.venv/bin/brookline show {story.name}"
    yield f"    curl -u admin:{stage.password} {n2.url}/v1/server/ha/states"
    yield "End it with"
    yield "    .venv/bin/python -m brookline.cli.demo --stop"


def _end(stage: Stage, story: Story, tell: Narration) -> None:
    """End everything by its process id, the web process too."""
    stage.end()
    if story.web_pid and is_alive(story.web_pid):
        os.kill(story.web_pid, signal.SIGTERM)
        tell.say(f"ended the web process {story.web_pid}, which nobody managed any more")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()

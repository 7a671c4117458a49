"""What happens in the demo, scene by scene; each scene ends only when it has been seen."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from brookline.cli.demo.listener import listener_pid
from brookline.cli.demo.nodes import is_alive
from brookline.cli.demo.slow import SlowInstallation
from brookline.cli.demo.stage import NotSeen
from brookline.cli.demo.witnesses import Reader, Witness, Writer
from brookline.cli.moments import duration
from brookline.cli.progress import phases_of
from brookline.client import calls
from brookline.values.ids import new_id

if TYPE_CHECKING:
    from pathlib import Path

    from brookline.cli.demo.narration import Narration
    from brookline.cli.demo.stage import Stage
    from brookline.client.client import Client
    from brookline.client.states import Mastership

START_S = 30.0
DEPLOY_S = 60.0
FAILOVER_S = 45.0
"""Of this the heartbeat time-out is 30 s; a dead process is noticed much earlier."""
QUIET_S = 2.0
"""How long the witnesses go on before and after a scene, so that their rhythm is seen."""


@dataclasses.dataclass(slots=True)
class Change:
    """One change of mastership as the clients and the journal saw it; times on the demo's clock.

    Attributes:
        title: For the timeline.
        began: When it was set off.
        first_write: When the first write after it was acknowledged.
        pause_s: Longest time without an acknowledged write.
        row: Of the history.
        refused: Writes that ended with an error.
        repeated: Writes that were sent again because their answer was lost.
    """

    title: str
    began: float
    first_write: float
    pause_s: float
    row: Mastership
    refused: int
    repeated: int


class Story:
    """The scenes, in their order."""

    def __init__(self, stage: Stage, tell: Narration, blueprint: Path) -> None:
        self.stage = stage
        self.changes: list[Change] = []
        self.page = ""
        self.web_pid = 0
        self.name = ""
        self.slow = SlowInstallation(stage, tell)
        self._tell = tell
        self._blueprint = blueprint
        self._pace = stage.pace

    def play(self) -> None:
        """Play all scenes.

        Raises:
            NotSeen: If something did not come in time, or was not as promised.
        """
        self._start_servers()
        with self.stage.client() as client:
            self._deploy(client)
            writer_client = self.stage.client()
            writer = Writer(writer_client, self.stage.app, self._pace)
            with contextlib.closing(writer_client):
                self._with_witnesses(client, writer)

    def _with_witnesses(self, client: Client, writer: Writer) -> None:
        reader = Witness("reader", self._pace, Reader(self.page, self._pace))
        writing = Witness("writer", self._pace, writer)
        with reader, writing:
            self._tell.say(
                "one client reads the page 20 times a second, another writes through the"
            )
            self._tell.more(
                ["API 20 times a second, knowing both addresses; both go on all the while"]
            )
            self._watch(QUIET_S)
            self._tell.title("An installation that takes a while")
            self.slow.begin(client)
            self._kill_the_master(client, writer, writing)
            self._restart_the_old_one()
            self._hand_back(client, writer, writing)
            self._watch(QUIET_S)
        self._judge(client, writer, reader, writing)

    def _start_servers(self) -> None:
        stage, tell = self.stage, self._tell
        n1, n2 = stage.nodes.values()
        tell.title("Two servers on one shared directory")
        n1.start("master")
        tell.say(f"$ {shown_command(n1.command('master'))}")
        lead = stage.wait_for_state("n1", "MASTER", seconds=START_S)
        tell.seen(f"n1 leads: pid {n1.pid}, {n1.url}, epoch {lead.epoch}")
        n2.start("auto")
        tell.say(f"$ {shown_command(n2.command('auto'))}")
        stage.wait_for_state("n2", "HOT_STANDBY", seconds=START_S)
        tell.seen(f"n2 stands by, hot: pid {n2.pid}, {n2.url}")

    def _deploy(self, client: Client) -> None:
        stage, tell = self.stage, self._tell
        tell.title("An application")
        tell.say(f"$ brookline deploy {self._blueprint} --wait")
        plan = self._blueprint.read_text(encoding="utf-8")
        stage.apps.append(new_id())
        task = client.do(calls.deploy(plan, app_id=stage.app))
        self.name = str(task.get("entityDisplayName") or stage.app)
        stage.wait_for(
            f"{self._blueprint} is deployed and runs",
            lambda: self._runs(client, task["id"]),
            seconds=DEPLOY_S,
        )
        below = client.do(calls.task_descendants(task["id"])).values()
        now_ms = self._pace.wall_ms()
        tell.more(f"{phase.entity}: {phase.text(now_ms)}" for phase in phases_of(below))
        self.page = stage.wait_for("the address of its page", lambda: self._uri(client), seconds=10)
        self.web_pid = listener_pid(urlsplit(self.page).port or 80)
        process = f", served by process {self.web_pid}" if self.web_pid else ""
        tell.seen(f"it runs: {self.page}{process}")

    def _runs(self, client: Client, task: str) -> bool | None:
        """Tell whether the application runs; None while that is open.

        Raises:
            NotSeen: If its start failed.
        """
        status = client.do(calls.application(self.stage.app)).get("status")
        last = client.do(calls.task(task))
        if last.get("isError"):
            raise NotSeen("the application runs", str(last.get("result")))
        return True if status == "RUNNING" else None

    def _uri(self, client: Client) -> str | None:
        """Return the first address of a page that an entity of the application tells."""
        found = client.do(calls.descendants_sensor(self.stage.app, "main.uri"))
        return next(map(str, found.values()), None)

    def _kill_the_master(self, client: Client, writer: Writer, writing: Witness) -> None:
        stage, tell = self.stage, self._tell
        n1 = stage.nodes["n1"]
        tell.title("The master dies in the midst of it")
        self.slow.dies(client)
        repeated = writer.repeated
        began = self._pace.monotonic()
        pid = n1.kill()
        tell.say(f"$ kill -9 {pid}")
        stage.wait_for("n1's process is gone", lambda: n1.has_ended() or None, seconds=10)
        gone = self._pace.monotonic()
        tell.seen("process gone")
        lead = stage.wait_for_state("n2", "MASTER", seconds=FAILOVER_S)
        row = self._row(client, lead.epoch)
        tell.seen(f"standby elected: n2 leads, epoch {row.epoch} ({row.reason}: {row.evidence})")
        tell.seen(f"state taken over in {duration(row.replay_ms)}: {self._entities(client)}")
        first = self._first_write(writing, gone)
        tell.seen(f"first write accepted by n2 {duration((first - began) * 1000)} after the kill")
        self._web_process_lives()
        self.slow.goes_on(client)
        self._watch(QUIET_S)
        self._remember(f"kill -9 of {n1.name}", writing, began=began, first=first, row=row)
        self.changes[-1].repeated = writer.repeated - repeated
        self._all_there(client, writer)
        self.slow.finish(client)

    def _restart_the_old_one(self) -> None:
        stage, tell = self.stage, self._tell
        n1 = stage.nodes["n1"]
        tell.title("The old master comes back")
        n1.start("auto")
        tell.say(f"$ {shown_command(n1.command('auto'))}")
        stage.wait_for_state("n1", "HOT_STANDBY", seconds=START_S)
        tell.seen(f"n1 rejoined as a hot standby: pid {n1.pid}")

    def _hand_back(self, client: Client, writer: Writer, writing: Witness) -> None:
        stage, tell = self.stage, self._tell
        tell.title("A graceful hand-over back")
        target = stage.wait_for(
            "n1 is first in line", lambda: self._first_in_line(client, "n1"), seconds=START_S
        )
        repeated = writer.repeated
        began = self._pace.monotonic()
        tell.say("$ brookline ha switchover --to n1")
        client.do(calls.switchover(target))
        handed = self._pace.monotonic()
        lead = stage.wait_for_state("n1", "MASTER", seconds=FAILOVER_S)
        row = self._row(client, lead.epoch)
        tell.seen(f"n1 leads again, epoch {row.epoch} ({row.reason})")
        first = self._first_write(writing, handed)
        tell.seen(
            f"first write accepted by n1 {duration((first - began) * 1000)} after the command"
        )
        stage.wait_for_state("n2", "HOT_STANDBY", seconds=START_S)
        tell.seen("n2 stands by again")
        self._watch(QUIET_S)
        self._remember("hand-over to n1", writing, began=began, first=first, row=row)
        if writer.repeated > repeated:
            raise NotSeen("every write during the hand-over is answered", "an answer was lost")

    def _judge(self, client: Client, writer: Writer, reader: Witness, writing: Witness) -> None:
        """Look at the records of the witnesses as a whole.

        Raises:
            NotSeen: If the page failed once, a write was refused, or one is missing.
        """
        tell, pages = self._tell, reader.record
        tell.title("What the clients saw")
        if pages.failures:
            raise NotSeen("the page answered all the time", pages.failures[0][1])
        pause = duration(pages.longest_pause_s(pages.moments[0], pages.moments[-1]) * 1000)
        tell.seen(
            f"the page answered all the time: {len(pages.moments)} reads, longest gap {pause}"
        )
        if writing.record.failures:
            raise NotSeen("no write was refused", writing.record.failures[0][1])
        tell.seen(f"no write was refused: {len(writer.acknowledged)} acknowledged")
        self._all_there(client, writer)
        self._web_process_lives()

    def _all_there(self, client: Client, writer: Writer) -> None:
        count = len(writer.acknowledged)
        missing = writer.missing(client)
        if missing:
            raise NotSeen(
                "every acknowledged write is there", f"missing: {', '.join(missing[:10])}"
            )
        self._tell.seen(f"every acknowledged write is there: {count} of {count} read back")

    def _web_process_lives(self) -> None:
        if self.web_pid and not is_alive(self.web_pid):
            raise NotSeen(f"the web process {self.web_pid} goes on", "it has ended")

    def _first_write(self, writing: Witness, since: float) -> float:
        """Wait for a write that only the new master can have accepted."""
        return self.stage.wait_for(
            "a write is accepted", lambda: writing.record.first_after(since), seconds=FAILOVER_S
        )

    def _remember(
        self, title: str, writing: Witness, *, began: float, first: float, row: Mastership
    ) -> None:
        record = writing.record
        self.changes.append(
            Change(
                title=title,
                began=began,
                first_write=first,
                pause_s=record.longest_pause_s(began - QUIET_S, record.moments[-1]),
                row=row,
                refused=len(record.failures_since(began)),
                repeated=0,
            )
        )

    def _row(self, client: Client, epoch: int) -> Mastership:
        def look() -> Mastership | None:
            rows = client.do(calls.history())
            return next((row for row in rows if row.epoch == epoch and row.active), None)

        return self.stage.wait_for(f"the history tells of epoch {epoch}", look, seconds=10)

    def _first_in_line(self, client: Client, name: str) -> str | None:
        first = client.do(calls.states()).first_in_line()
        return first.instance if first is not None and first.name == name else None

    def _entities(self, client: Client) -> str:
        count = len(client.do(calls.descendants_sensor(self.stage.app, "service.state")))
        status = client.do(calls.application(self.stage.app)).get("status")
        return f"{count} entities, the application is {status}"

    def _watch(self, seconds: float) -> None:
        self._pace.sleep(seconds)


def shown_command(words: list[str]) -> str:
    """Return the command that starts a server as a user would type it here."""
    given = [word for word in words[words.index("server") :] if word != "--no-global-properties"]
    here = [os.path.relpath(word) if word.startswith("/") else word for word in given]
    return " ".join(["brookline", *here])

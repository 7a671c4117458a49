"""Tells stories of operators: a text with commands, and beneath each what was seen to happen.

    python -m tests.simulation.storyteller --rewrite     # renew what is seen; review the difference

A story is a file in `stories/`. It begins with a remark, and the nodes with settings that matter;
then come blocks, each with commands, a line `----`, and what happened. Commands:

    start a [MODE]     kill a       power-cut a   stop a    cont a    freeze a   term a
    wait 5             write a milk               show      history
    mode a MODE        priority a 1               switchover a b      clear a
    store down|up      cut a b      mend          refuse a b          fail a 2
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brookline.errors import BrooklineError
from brookline.plane.states import Mode
from brookline.testing.client_model import SimClient
from brookline.testing.harness import QUICK, PlaneHarness, PlaneOptions
from brookline.testing.network import NetworkOdds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from brookline.plane.node import PlaneNode
    from brookline.testing.host import Host
    from brookline.testing.sim_server import SimServer
    from brookline.testing.transcript import Event

STORIES = Path(__file__).parent / "stories"
RULE = "----"

NOISE = frozenset({"heartbeat not confirmed", "store", "unknown"})
"""What is said at each poll, or said better by something else."""

SETTINGS = dataclasses.replace(QUICK, snapshot_entries=1000, write_wait_s=10.0)


@dataclasses.dataclass(frozen=True, slots=True)
class Block:
    """Some commands, and what is expected to be seen then."""

    commands: tuple[str, ...]
    expected: tuple[str, ...]


class Story:
    """One story, told on a plane of its own."""

    def __init__(self, text: str) -> None:
        self.title, nodes, *blocks = text.strip().split("\n\n")
        self.plane = nodes
        words = nodes.split()[1:]
        self.nodes = tuple(word for word in words if "=" not in word)
        given = {name: float(value) for name, value in (w.split("=") for w in words if "=" in w)}
        self.blocks = [parsed(block) for block in blocks]
        settings = dataclasses.replace(SETTINGS, **given)
        options = PlaneOptions(nodes=self.nodes, settings=settings)
        self.harness = PlaneHarness(options)
        self.harness.network.odds = NetworkOdds(latency_s=0.0, hint_late_s=0.0)
        self.client = SimClient(self.harness, "client", lists=("x",), pause_s=0.0)
        self.client.patience_s = (30.0,)
        self.seen: list[str] = []

    def tell(self) -> str:
        """Tell it, and return its text with what was seen."""
        told: list[list[str]] = []

        async def telling() -> None:
            for block in self.blocks:
                before = len(self.harness.transcript)
                self.seen = []
                for command in block.commands:
                    await self.do(command)
                events = self.harness.transcript.since(before)
                lines = [line(event) for event in events if event.who and event.text not in NOISE]
                told.append([*lines, *self.seen])

        self.harness.run(telling())
        told[-1] += [f"VIOLATION: {what}" for what in self.harness.oracle.violations]
        blocks = [
            "\n".join([*block.commands, RULE, *lines])
            for block, lines in zip(self.blocks, told, strict=True)
        ]
        return "\n\n".join([self.title, self.plane, *blocks]) + "\n"

    async def do(self, command: str) -> None:
        """Carry out one command."""
        word, *arguments = command.split()
        await getattr(self, "do_" + word.replace("-", "_"))(*arguments)

    # --- processes and time --------------------------------------------------------------------

    async def do_start(self, name: str, mode: str = "AUTO") -> None:
        self.harness[name].start(Mode(mode))

    async def do_kill(self, name: str) -> None:
        self.harness[name].crash()

    async def do_power_cut(self, name: str) -> None:
        self.harness[name].crash(silent=True)

    async def do_stop(self, name: str) -> None:
        self.host(name).stop()

    async def do_freeze(self, name: str) -> None:
        self.host(name).freeze()

    async def do_cont(self, name: str) -> None:
        self.host(name).resume()

    async def do_term(self, name: str) -> None:
        self.harness[name].end()

    async def do_wait(self, seconds: str) -> None:
        await self.harness.sleep(float(seconds))

    async def do_fail(self, name: str, times: str) -> None:
        tenant = self.harness[name].tenant
        assert tenant is not None
        tenant.fails += [ValueError("the model cannot be built")] * int(times)

    # --- the store and the network -----------------------------------------------------------

    async def do_store(self, state: str) -> None:
        self.harness.faults.down = state == "down"

    async def do_cut(self, name: str, other: str) -> None:
        self.harness.network.cut(self.host(name), self.host(other))
        self.harness.network.cut(self.host(other), self.host(name))

    async def do_refuse(self, name: str, other: str) -> None:
        """Let connections break and be refused between two nodes that live."""
        self.harness.network.lies.add((name, other))
        self.harness.network.break_connections(self.host(other))

    async def do_mend(self) -> None:
        self.harness.network.mend()

    # --- clients and administrators ------------------------------------------------------------

    async def do_write(self, name: str, item: str) -> None:
        self.client.host.begin(self.write(self.harness[name], item))

    async def do_mode(self, name: str, mode: str) -> None:
        self.ask(name, f"mode {mode}", lambda node: node.set_mode(Mode(mode), "admin"))

    async def do_priority(self, name: str, priority: str) -> None:
        self.ask(name, f"priority {priority}", lambda node: node.set_priority(int(priority)))

    async def do_switchover(self, name: str, to: str) -> None:
        self.ask(name, f"switchover to {to}", lambda node: node.switchover(to, "admin"))

    async def do_clear(self, name: str) -> None:
        self.ask(name, "clear", lambda node: node.clear(None))

    async def do_show(self) -> None:
        for server in self.harness.servers.values():
            self.seen.append(shown(server))

    async def do_history(self) -> None:
        server = next(s for s in self.harness.living() if s.node and s.node.history())
        assert server.node is not None
        for told in server.node.history():
            ended = f", {told['endReason']}" if "endReason" in told else ""
            guess = " (a guess)" if told["guess"] else ""
            why = f"{told['reason']}{guess}"
            evidence = f": {told['evidence']}" if told["evidence"] else ""
            self.seen.append(f"epoch {told['epoch']}: {told['node']}, {why}{evidence}{ended}")

    async def write(self, server: SimServer, item: str) -> None:
        began = self.harness.loop.true_time()
        outcome = await self.client.write(server, "/lists/x", item)
        self.client.learn(item, outcome)
        took = self.harness.loop.true_time() - began
        self.harness.transcript.note(
            f"{item} through {server.name}: {outcome.value} after {took:.1f} s"
        )

    def ask(self, name: str, what: str, how: Callable[[PlaneNode], Awaitable[Any]]) -> None:
        node = self.harness[name].node
        assert node is not None

        async def asking() -> None:
            try:
                answer = await how(node)
            except BrooklineError as error:
                self.harness.transcript.note(f"{what}: refused, {error.message}")
            else:
                word = getattr(answer, "value", answer)
                self.harness.transcript.note(f"{what}: done" + (f", {word}" if word else ""))

        self.host(name).begin(asking(), what)

    def host(self, name: str) -> Host:
        host = self.harness[name].host
        assert host is not None
        return host


def parsed(block: str) -> Block:
    lines = block.split("\n")
    rule = lines.index(RULE)
    return Block(tuple(lines[:rule]), tuple(lines[rule + 1 :]))


def line(event: Event) -> str:
    """Return how an event is shown in a story."""
    fields = dict(event.fields)
    text = event.text
    if text == "state":
        text = f"{fields.pop('from')} -> {fields.pop('to')}"
    more = "".join(f" {name}={value}" for name, value in fields.items())
    return f"{event.time_s:6.1f} {event.who}: {text}{more}"


def shown(server: SimServer) -> str:
    """Return what a server says of itself."""
    node, tenant = server.node, server.tenant
    if node is None or tenant is None or not server.lives:
        return f"{server.name}: -"
    leads = ", leads" if node.leads() else ""
    items = " ".join(tenant.items("x")) or "nothing"
    return f"{server.name}: {node.state.value}{leads}, epoch {node.epoch}, shows {items}"


def rewrite() -> None:
    """Renew what is seen in all stories."""
    for path in sorted(STORIES.glob("*.txt")):
        path.write_text(Story(path.read_text()).tell())


if __name__ == "__main__":
    if sys.argv[1:] != ["--rewrite"]:
        sys.exit(__doc__)
    rewrite()

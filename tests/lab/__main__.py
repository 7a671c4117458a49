"""Break a plane of real servers at random, and judge what its clients were told.

    python -m tests.lab [--seed N] [--seconds S | --minutes M] [--store NAME] [--folder DIR]

It needs root, or a kernel that lets users make namespaces, for real cuts of the network and of the
store; else it runs on loopback through proxies, and says so. In the folder are afterwards
``history.json``, ``picture.svg``, ``verdict.txt``, and the logs of all processes.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
from pathlib import Path

from tests.backends.programs import Missing
from tests.lab import history as histories
from tests.lab.checker.verdict import judge
from tests.lab.faketime import library
from tests.lab.lab import Options
from tests.lab.network import INSIDE, can_isolate, isolated
from tests.lab.picture import draw
from tests.lab.run import run
from tests.lab.scripts import SCRIPTS
from tests.lab.stores import STORES
from tests.lab.weak import WEAKNESSES

MISSING = 3
"""Exit status if a program is missing that the store needs."""


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    parser.add_argument("--seed", type=int, help="of a run to be repeated; else it is new")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long faults come")
    parser.add_argument("--minutes", type=float, help="the same in minutes")
    parser.add_argument("--store", choices=sorted(STORES), default="directory")
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--pause", type=float, default=0.05, help="of a client, in seconds")
    parser.add_argument("--timeout", type=float, default=2.0, help="of heartbeats, in seconds")
    parser.add_argument("--unreached", type=float, default=0.0, help="of a master, in seconds")
    parser.add_argument("--folder", type=Path, help="for what is left of the run")
    parser.add_argument("--script", choices=sorted(SCRIPTS), help="instead of random faults")
    parser.add_argument("--weak", choices=sorted(WEAKNESSES), default="", help="leave that out")
    parser.add_argument("--loopback", action="store_true", help="without namespaces")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Run the lab; return 1 if a promise was not kept."""
    given = parse(arguments)
    if given.seed is None:
        given.seed = secrets.randbelow(1_000_000)
        arguments = [*arguments, "--seed", str(given.seed)]
    if given.folder is None:
        given.folder = Path(tempfile.mkdtemp(prefix=f"brookline-lab-{given.seed}-"))
        arguments = [*arguments, "--folder", str(given.folder)]
    if not given.loopback and not os.environ.get(INSIDE):
        if can_isolate():
            # Not a child of ours: whoever ends this process ends all that it has begun.
            command = isolated("tests.lab", arguments)
            os.execvp(command[0], command)
        say("no namespaces can be made here: on loopback, through proxies; the store is not cut")
    return play(given)


def play(given: argparse.Namespace) -> int:
    """Run it in this process, and leave in the folder what happened."""
    folder: Path = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    options = Options(
        folder=folder, seed=given.seed, store=given.store, nodes=given.nodes, clients=given.clients,
        seconds=given.minutes * 60 if given.minutes else given.seconds, weak=given.weak,
        faketime=library(), pause_s=given.pause, timeout_s=given.timeout,
        unreached_s=given.unreached,
    )  # fmt: skip
    try:
        history = run(options, say, SCRIPTS[given.script] if given.script else None)
    except Missing as missing:
        say(str(missing))
        return MISSING
    histories.save(history, folder / "history.json")
    verdict = judge(history)
    (folder / "picture.svg").write_text(draw(history, verdict))
    (folder / "verdict.txt").write_text(f"{verdict}\n")
    say(str(verdict))
    say(f"see {folder}")
    return 0 if verdict.good else 1


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""HTTP figures: reads and writes per second by `wrk`, in units of an empty Starlette page.

    python -m bench.http                  # all, medians of five; some two minutes
    python -m bench.http --rounds 1       # a quick look

One server, started as users start it on a directory store, has core 0 for itself; `wrk` has core 1. The
page that is the unit is served by uvicorn on core 0 too, and measured in the same round. The last column is
the same ratio in CPU time of the server per request, which neighbours on the machine hardly change. `wrk` is a package of Debian. (Run it with `-m`: as
a script it would stand in the way of the standard library's `http`.)
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import dataclasses
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SERVER_CORE, CLIENT_CORE = "0", "1"
SECONDS = 3
READERS, WRITERS = 16, 32
MANY = 6000

PAGE = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def page(request):
    return PlainTextResponse("")

app = Starlette(routes=[Route("/", page)])
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False,
            http="httptools", loop="asyncio")
"""
STATE, ENTITY, SENSORS = "GET server/ha/state", "GET one entity", "GET its sensors/current-state"
WRITES = "POST config, durable, 32 connections"
WANTED = {STATE: "1.1", ENTITY: "0.75", SENSORS: "0.85", WRITES: "0.3, or 12 per bare commit"}
Row = tuple[str, str, str, str, str]

POST = 'wrk.method="POST"; wrk.body="\\"value\\""; wrk.headers["Content-Type"]="application/json"'


@dataclasses.dataclass(frozen=True)
class Rate:
    """What a run of `wrk` brought.

    Attributes:
        per_s: Requests per second.
        cpu_us: CPU time that the server took for one, in microseconds.
    """

    per_s: float
    cpu_us: float


@dataclasses.dataclass(frozen=True)
class Target:
    """A server that is measured."""

    pid: int
    url: str
    authorization: str
    app: str
    entity: str

    @property
    def entity_url(self) -> str:
        return f"{self.url}/v1/applications/{self.app}/entities/{self.entity}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--folder", type=Path, help="where the store is put; a temporary folder, else"
    )
    chosen = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: apt-get install wrk")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=chosen.folder)))
        target = stack.enter_context(server(folder))
        page = stack.enter_context(empty_page(folder))
        rows = measure(target, page, folder, chosen.rounds)
        show([*rows, *fetches(target, chosen.rounds)])


def measure(target: Target, page: Target, folder: Path, rounds: int) -> list[Row]:
    """Return rows of what, figure, in units, in units by CPU time, and what it should be."""
    script = folder / "post.lua"
    script.write_text(POST)
    login = ("-H", f"Authorization: {target.authorization}")
    request(target, "GET", "/v1/server/user")
    runs = {
        STATE: (READERS, f"{target.url}/v1/server/ha/state"),
        ENTITY: (READERS, target.entity_url),
        SENSORS: (READERS, f"{target.entity_url}/sensors/current-state"),
        "GET server/version (the long way)": (READERS, f"{target.url}/v1/server/version"),
        WRITES: (WRITERS, f"{target.entity_url}/config/bench.key", "-s", str(script)),
    }
    units: list[Rate] = []
    found: dict[str, list[Rate]] = {name: [] for name in runs}
    commits = []
    for _ in range(rounds):
        units.append(wrk(page, READERS, page.url))
        for name, (connections, url, *more) in runs.items():
            found[name].append(wrk(target, connections, url, *login, *more))
        commits.append(bare_commit_s(folder))
    unit = statistics.median(one.per_s for one in units)
    rows: list[Row] = [("an empty Starlette page, 16 connections", f"{unit:,.0f}/s", "1", "1", "")]
    rows += [row(name, rates, units) for name, rates in found.items()]
    commit = statistics.median(commits)
    writes = statistics.median(one.per_s for one in found[WRITES])
    in_one = f"{writes * commit:.1f} writes"
    return [*rows, ("a bare commit on this disk", f"{commit * 1000:.2f} ms", in_one, "", "")]


def row(name: str, rates: list[Rate], units: list[Rate]) -> Row:
    pairs = list(zip(rates, units, strict=True))
    by_rate = statistics.median(rate.per_s / unit.per_s for rate, unit in pairs)
    by_cpu = statistics.median(unit.cpu_us / rate.cpu_us for rate, unit in pairs)
    median = statistics.median(rate.per_s for rate in rates)
    return name, f"{median:,.0f}/s", f"{by_rate:.2f}", f"{by_cpu:.2f}", WANTED.get(name, "")


def fetches(target: Target, rounds: int) -> list[Row]:
    """Measure `applications/fetch` of many entities: never asked, after a change, unchanged."""
    plan = "services:\n" + "- type: basic-entity\n" * MANY
    began = time.perf_counter()
    request(target, "POST", "/v1/applications", plan.encode())
    deployed_s = time.perf_counter() - began
    first_s, size = fetch(target)
    changed, same = [], []
    for number in range(rounds):
        path = f"{target.entity_url}/sensors/bench".removeprefix(target.url)
        request(target, "POST", path, str(number).encode(), "application/json")
        changed.append(fetch(target)[0])
        same.append(fetch(target)[0])
    what = f"applications/fetch of {MANY:,} entities"
    return [
        (f"deploy of {MANY:,} entities, POST to 201", f"{deployed_s:.2f} s", "", "", ""),
        (f"{what}, for the first time", f"{first_s:.3f} s", f"{size / 1e6:.1f} MB", "", "0.25 s"),
        (f"{what}, after a change", f"{statistics.median(changed):.3f} s", "", "", "0.25 s"),
        (f"{what}, unchanged", f"{statistics.median(same):.3f} s", "", "", "0.25 s"),
    ]


def fetch(target: Target) -> tuple[float, int]:
    began = time.perf_counter()
    body = request(target, "GET", "/v1/applications/fetch")
    return time.perf_counter() - began, len(body)


def wrk(target: Target, connections: int, url: str, *more: str) -> Rate:
    """Load a server for some seconds; refuse a run with errors."""
    command = ["taskset", "-c", CLIENT_CORE, "wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s"]
    before = cpu_s(target.pid)
    said = subprocess.run([*command, *more, url], check=True, capture_output=True, text=True).stdout
    spent = cpu_s(target.pid) - before
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{url}: {said}")
    count = re.search(r"(\d+) requests in", said)
    per_s = re.search(r"Requests/sec:\s*([\d.]+)", said)
    assert count, said
    assert per_s, said
    return Rate(float(per_s[1]), spent / int(count[1]) * 1e6)


def cpu_s(pid: int) -> float:
    """Return the CPU time of a process with all its threads, so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bare_commit_s(folder: Path, times: int = 300) -> float:
    """Return the median of a write, fsync, link, fsync of the folder, and unlink, in seconds."""
    place = folder / "bare"
    place.mkdir(exist_ok=True)
    taken = []
    descriptor = os.open(place, os.O_RDONLY)
    for number in range(times):
        temporary, final = place / f".tmp-{number}", place / f"{time.time_ns()}"
        began = time.perf_counter()
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(file, b"x" * 2048)
        os.fsync(file)
        os.close(file)
        os.link(temporary, final)
        os.fsync(descriptor)
        temporary.unlink()
        taken.append(time.perf_counter() - began)
    os.close(descriptor)
    return statistics.median(taken)


@contextlib.contextmanager
def server(folder: Path) -> Iterator[Target]:
    """Start a server on a fresh directory store, with one application."""
    home = folder / "n1"
    home.mkdir()
    store = folder / "store"
    options = ["--home", str(home), "--persistence-dir", str(store), "--port", "0"]
    command = [str(Path(sys.executable).with_name("brookline")), "server", *options]
    with process(command, folder / "server.log") as pid:
        password = wait_for(home / "admin-password")
        url = wait_for(home / "address")
        credential = base64.b64encode(f"admin:{password}".encode()).decode()
        target = Target(pid, url, f"Basic {credential}", "", "")
        wait_until(lambda: request(target, "GET", "/v1/server/ha/state") == b'"MASTER"')
        plan = b"services:\n- type: org.apache.brooklyn.entity.stock.BasicStartable\n"
        app = json.loads(request(target, "POST", "/v1/applications", plan))["entityId"]
        listed = json.loads(request(target, "GET", f"/v1/applications/{app}/entities"))
        yield dataclasses.replace(target, app=app, entity=listed[0]["id"])


@contextlib.contextmanager
def empty_page(folder: Path) -> Iterator[Target]:
    """Serve the page that is the unit."""
    port = "18765"
    command = [sys.executable, "-c", PAGE, port]
    with process(command, folder / "page.log") as pid:
        url = f"http://127.0.0.1:{port}/"
        wait_until(lambda: urllib.request.urlopen(url).status == 200)
        yield Target(pid, url, "", "", "")


@contextlib.contextmanager
def process(command: list[str], log: Path) -> Iterator[int]:
    with log.open("wb") as file:
        started = subprocess.Popen(
            ["taskset", "-c", SERVER_CORE, *command], stdout=file, stderr=subprocess.STDOUT
        )
        try:
            yield started.pid
        finally:
            started.terminate()
            started.wait(30)


def request(
    target: Target, method: str, path: str, body: bytes | None = None, media: str = "text/yaml"
) -> bytes:
    headers = {"Authorization": target.authorization, "Content-Type": media}
    asked = urllib.request.Request(target.url + path, body, headers, method=method)
    with urllib.request.urlopen(asked) as answer:
        return bytes(answer.read())


def wait_for(path: Path) -> str:
    wait_until(lambda: path.exists() and path.read_text().strip() != "")
    return path.read_text().strip()


def wait_until(holds: Callable[[], bool], deadline_s: float = 30.0) -> None:
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if holds():
                return
        time.sleep(0.05)
    raise TimeoutError("a server did not come up")


def show(rows: list[Row]) -> None:
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    table = [("what", "figure", "in units", "by CPU", "at least / at most"), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(5)]
    for row in table:
        print(
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        )


if __name__ == "__main__":
    main()

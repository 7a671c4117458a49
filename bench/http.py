"""HTTP figures: reads and writes per second by `wrk`, in units of an empty Starlette page.

    python -m bench.http                  # all, medians of five; some two minutes
    python -m bench.http --rounds 1       # a quick look

One server, started as users start it on a directory store, has core 0 for itself; `wrk` has core 1. The
page that is the unit is served by uvicorn on core 0 too, and measured in the same round, so that what the
machine's neighbours do to one they do to the other. `wrk` is a package of Debian. (Run it with `-m`: as
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
POST = 'wrk.method="POST"; wrk.body="\\"value\\""; wrk.headers["Content-Type"]="application/json"'


@dataclasses.dataclass(frozen=True)
class Target:
    """A server that is measured."""

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
        page_url = stack.enter_context(empty_page(folder))
        show(measure(target, page_url, folder, chosen.rounds))


def measure(
    target: Target, page_url: str, folder: Path, rounds: int
) -> list[tuple[str, str, str, str]]:
    """Return rows of what, figure, in units, and what it should be."""
    script = folder / "post.lua"
    script.write_text(POST)
    login = ("-H", f"Authorization: {target.authorization}")
    request(target, "GET", "/v1/server/user")
    readers: dict[str, Callable[[], float]] = {
        "GET server/ha/state": lambda: wrk(READERS, f"{target.url}/v1/server/ha/state", *login),
        "GET one entity": lambda: wrk(READERS, target.entity_url, *login),
        "GET its sensors/current-state": lambda: wrk(
            READERS, f"{target.entity_url}/sensors/current-state", *login
        ),
        "GET server/version (the long way)": lambda: wrk(
            READERS, f"{target.url}/v1/server/version", *login
        ),
        "POST config, durable, 32 connections": lambda: wrk(
            WRITERS, f"{target.entity_url}/config/bench.key", *login, "-s", str(script)
        ),
    }
    wanted = {
        "GET server/ha/state": "1.1",
        "GET one entity": "0.75",
        "GET its sensors/current-state": "0.85",
        "POST config, durable, 32 connections": "0.3, or 12 per bare commit",
    }
    units: list[float] = []
    rates: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(rounds):
        units.append(wrk(READERS, page_url))
        for name, rate in readers.items():
            rates[name].append(rate())
    commits = [bare_commit_s(folder) for _ in range(rounds)]
    rows = [
        ("an empty Starlette page, 16 connections", f"{statistics.median(units):,.0f}/s", "1", "")
    ]
    for name, found in rates.items():
        ratio = statistics.median(rate / unit for rate, unit in zip(found, units, strict=True))
        rows.append(
            (name, f"{statistics.median(found):,.0f}/s", f"{ratio:.2f}", wanted.get(name, ""))
        )
    commit = statistics.median(commits)
    writes = statistics.median(rates["POST config, durable, 32 connections"])
    per_commit = f"{writes * commit:.1f} writes in one"
    rows.append(("a bare durable commit on this disk", f"{commit * 1000:.2f} ms", per_commit, ""))
    return [*rows, *fetches(target, rounds)]


def fetches(target: Target, rounds: int) -> list[tuple[str, str, str, str]]:
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
        (f"deploy of {MANY:,} entities, POST to 201", f"{deployed_s:.2f} s", "", ""),
        (f"{what}, for the first time", f"{first_s:.3f} s", f"{size / 1e6:.1f} MB", "0.25 s"),
        (f"{what}, after a change", f"{statistics.median(changed):.3f} s", "", "0.25 s"),
        (f"{what}, unchanged", f"{statistics.median(same):.3f} s", "", "0.25 s"),
    ]


def fetch(target: Target) -> tuple[float, int]:
    began = time.perf_counter()
    body = request(target, "GET", "/v1/applications/fetch")
    return time.perf_counter() - began, len(body)


def wrk(connections: int, url: str, *more: str) -> float:
    """Return requests per second; refuse a run with errors."""
    command = ["taskset", "-c", CLIENT_CORE, "wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s"]
    said = subprocess.run([*command, *more, url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{url}: {said}")
    return float(re.search(r"Requests/sec:\s*([\d.]+)", said)[1])  # type: ignore[index]


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
    with process(command, folder / "server.log"):
        password = wait_for(home / "admin-password")
        url = wait_for(home / "address")
        credential = base64.b64encode(f"admin:{password}".encode()).decode()
        target = Target(url, f"Basic {credential}", "", "")
        wait_until(lambda: request(target, "GET", "/v1/server/ha/state") == b'"MASTER"')
        plan = b"services:\n- type: org.apache.brooklyn.entity.stock.BasicStartable\n"
        app = json.loads(request(target, "POST", "/v1/applications", plan))["entityId"]
        listed = json.loads(request(target, "GET", f"/v1/applications/{app}/entities"))
        yield dataclasses.replace(target, app=app, entity=listed[0]["id"])


@contextlib.contextmanager
def empty_page(folder: Path) -> Iterator[str]:
    """Serve the page that is the unit."""
    port = "18765"
    command = [sys.executable, "-c", PAGE, port]
    with process(command, folder / "page.log"):
        url = f"http://127.0.0.1:{port}/"
        wait_until(lambda: urllib.request.urlopen(url).status == 200)
        yield url


@contextlib.contextmanager
def process(command: list[str], log: Path) -> Iterator[None]:
    with log.open("wb") as file:
        started = subprocess.Popen(
            ["taskset", "-c", SERVER_CORE, *command], stdout=file, stderr=subprocess.STDOUT
        )
        try:
            yield
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


def show(rows: list[tuple[str, str, str, str]]) -> None:
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    table = [("what", "figure", "in units", "at least / at most"), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    for row in table:
        print(
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        )


if __name__ == "__main__":
    main()

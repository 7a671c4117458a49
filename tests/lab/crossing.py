"""Says whether a word gets from one place to another and back, while it is cut or not; for a test.

Each place sends words by UDP, so that nobody sends one again: what does not arrive was dropped.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys

from tests.lab.network import Namespaces, Place

_PORT = 9999
_HEARER = f"""
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.bind((sys.argv[1], {_PORT}))
    sock.settimeout(20)
    print("ready", flush=True)
    while True:
        print(sock.recv(100).decode(), flush=True)
"""
_TELLER = f"""
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.sendto(sys.argv[2].encode(), (sys.argv[1], {_PORT}))
"""


class Post:
    """A place that hears words."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._process = subprocess.Popen(
            [*place.prefix, sys.executable, "-c", _HEARER, place.address],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        self._lines = self._process.stdout
        assert self._lines.readline() == "ready\n"

    def tell(self, other: Post, word: str) -> None:
        command = [*self.place.prefix, sys.executable, "-c", _TELLER, other.place.address, word]
        subprocess.run(command, check=True)

    def heard(self, other: Post, word: str) -> bool:
        """Tell whether a word comes before one that comes by a way that is never cut."""
        other.tell(self, word)
        subprocess.run(
            [sys.executable, "-c", _TELLER, self.place.address, f"after {word}"], check=True
        )
        return self._lines.readline() == f"{word}\n" and self._lines.readline() != ""

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def main() -> None:
    network = Namespaces()
    with contextlib.closing(network), contextlib.ExitStack() as stack:
        one, two = (
            stack.enter_context(contextlib.closing(Post(network.join(name)))) for name in "ab"
        )

        def crossings(word: str) -> tuple[bool, bool]:
            return two.heard(one, f"{word} there"), one.heard(two, f"{word} back")

        told = {"before": crossings("before")}
        network.cut("a", "b")
        told["one way"] = crossings("one way")
        network.cut("b", "a")
        told["both ways"] = crossings("both ways")
        network.mend("a", "b")
        network.mend("b", "a")
        told["after"] = crossings("after")
        print(json.dumps(told))


if __name__ == "__main__":
    main()

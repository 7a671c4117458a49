"""A client: asks random nodes for random things, one after the other, and writes down what it heard.

A process of its own. It gets `Orders` as its only argument, goes on until the file of its orders
that says so is there, and leaves an `Op` a line in its account.
"""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
from tests.lab.history import ADD, CHILD, COMMAND, DONE, NOT_DONE, READ, UNKNOWN, Op, Try

TRIES = 5
PATIENCE_S, CONNECT_S = 5.0, 1.0

USER, PASSWORD = "lab", "lab"
_AUTHORIZATION = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class Orders(msgspec.Struct, frozen=True):
    """What a client is to do.

    Attributes:
        name: Of the client.
        seed: Of its dice.
        began: The run's beginning by the monotonic clock.
        nodes: Host and port of each node, as this client reaches it.
        app: Id of the application.
        entities: Ids by name.
        shelves: Names of entities for new sensors.
        racks: Names of entities for new children.
        machines: Names of entities that run commands.
        account: Where to write what happened.
        ended: Once this file is there, it is enough.
        pause_s: Between two operations, on average.
    """

    name: str
    seed: int
    began: float
    nodes: dict[str, tuple[str, int]]
    app: str
    entities: dict[str, str]
    shelves: tuple[str, ...]
    racks: tuple[str, ...]
    machines: tuple[str, ...]
    account: str
    ended: str
    pause_s: float = 0.05


class Asked(msgspec.Struct, frozen=True):
    """A request, but for the node."""

    method: str
    path: str
    body: str = ""
    kind: str = "application/json"
    key: str = ""


class Client:
    """Does what the orders say."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.random = random.Random(orders.seed)
        self.token = 0
        self.seen: dict[str, set[str]] = {}
        self.found: dict[str, Any] = {}

    def run(self) -> None:
        ended = Path(self.orders.ended)
        with Path(self.orders.account).open("ab") as account:
            for number in itertools.count(1):
                if ended.exists():
                    break
                account.write(msgspec.json.encode(self.operate(number)) + b"\n")
                account.flush()
                time.sleep(self.random.expovariate(1 / self.orders.pause_s))

    def operate(self, number: int) -> Op:
        """Do one operation of some kind."""
        kinds, weights = (ADD, CHILD, COMMAND, READ), (55, 6, 12, 27)
        kind = self.random.choices(kinds, weights)[0]
        places = {CHILD: self.orders.racks, COMMAND: self.orders.machines}
        where = self.random.choice(places.get(kind, self.orders.shelves))
        item = "" if kind == READ else f"{self.orders.name}-{number}"
        keyed = kind != READ and self.random.random() < 0.6
        asked = self._asked(kind, where, item, key=f"lab-{item}" if keyed else "")
        token, tries = self.token, self._tries(asked, keyed=keyed, reads=kind == READ)
        new, gone = self._compare(where) if kind == READ and tries[-1].outcome == DONE else ((), ())
        return Op(
            client=self.orders.name, number=number, kind=kind, where=where, item=item, keyed=keyed,
            token=token, tries=tries, new=new, gone=gone,
        )  # fmt: skip

    def _asked(self, kind: str, where: str, item: str, *, key: str) -> Asked:
        entity = f"/v1/applications/{self.orders.app}/entities/{self.orders.entities[where]}"
        match kind:
            case "add":
                return Asked("POST", f"{entity}/sensors/{item}", json.dumps(item), key=key)
            case "child":
                plan = f"services:\n- type: org.apache.brooklyn.entity.stock.BasicEntity\n  name: {item}\n"
                path = f"{entity}/children?start=false"
                return Asked("POST", path, plan, "application/yaml", key=key)
            case "command":
                seconds = self.random.choice((0.05, 0.3, 1.0))
                body = json.dumps({"item": item, "seconds": seconds})
                return Asked("POST", f"{entity}/effectors/note?timeout=never", body, key=key)
            case _:
                return Asked("GET", f"{entity}/sensors/current-state")

    def _tries(self, asked: Asked, *, keyed: bool, reads: bool) -> tuple[Try, ...]:
        """Ask one node after the other, as long as that is safe and of use."""
        tries: list[Try] = []
        most = self.random.choice((1, TRIES))
        nodes = list(self.orders.nodes)
        self.random.shuffle(nodes)
        for node in itertools.islice(itertools.cycle(nodes), most):
            tries.append(self._try(node, asked))
            outcome = tries[-1].outcome
            if outcome == DONE or (outcome == UNKNOWN and not keyed) or reads:
                break
            if 400 <= tries[-1].status < 500:
                break
            time.sleep(0.1)
        return tuple(tries)

    def _try(self, node: str, asked: Asked) -> Try:
        begin = self._now()
        connection = http.client.HTTPConnection(*self.orders.nodes[node], timeout=CONNECT_S)
        try:
            connection.connect()
        except OSError as error:
            why = f"not reached: {error!r}"
            return Try(node, begin, self._now(), NOT_DONE, why=why)
        assert connection.sock is not None
        connection.sock.settimeout(PATIENCE_S)
        try:
            headers = self._headers(asked)
            connection.request(asked.method, asked.path, asked.body or None, headers)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            return Try(node, begin, self._now(), UNKNOWN, why=repr(error))
        finally:
            connection.close()
        return self._heard(node, begin, response, body)

    def _headers(self, asked: Asked) -> dict[str, str]:
        headers = {"Authorization": _AUTHORIZATION, "Content-Type": asked.kind}
        if asked.key:
            headers["Idempotency-Key"] = asked.key
        if self.token:
            headers["Brookline-Sequence"] = str(self.token)
        return headers

    def _heard(
        self, node: str, begin: float, response: http.client.HTTPResponse, body: bytes
    ) -> Try:
        seq = int(response.headers.get("Brookline-Sequence") or 0)
        outcome, why = outcome_of(response.status, body)
        if outcome == DONE:
            self.token = max(self.token, seq)
            self.found = json.loads(body) if body[:1] == b"{" else {}
        return Try(
            node, begin, self._now(), outcome,
            status=response.status, by=response.headers.get("Brookline-Node") or "", seq=seq,
            epoch=int(response.headers.get("Brookline-Epoch") or 0), why=why,
        )  # fmt: skip

    def _compare(self, where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return which items are there that were not before, and which are gone."""
        before = self.seen.get(where, set())
        now = {name for name, value in self.found.items() if name == value}
        self.seen[where] = now
        return tuple(sorted(now - before)), tuple(sorted(before - now))

    def _now(self) -> float:
        return round(time.monotonic() - self.orders.began, 4)


def outcome_of(status: int, body: bytes) -> tuple[str, str]:
    """Return what an answer says became of a request, and its words."""
    if 200 <= status < 300:
        return DONE, ""
    try:
        told = json.loads(body)
    except ValueError:
        told = {}
    if not isinstance(told, dict):
        told = {}
    words = f"{status} {told.get('message', '')}".strip()
    outcome = (told.get("data") or {}).get("outcome")
    if outcome in {NOT_DONE, UNKNOWN}:
        return outcome, f"{words} ({outcome})"
    # A refusal is definite; what went wrong on the way is not.
    return (NOT_DONE if 400 <= status < 500 else UNKNOWN), words


if __name__ == "__main__":
    Client(msgspec.json.decode(sys.argv[1], type=Orders)).run()

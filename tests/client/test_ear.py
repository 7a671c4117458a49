"""The ear, at servers that tell, that do not, and that break off."""

from __future__ import annotations

import http.client
import http.server
import threading
import time

import pytest

from brookline.client import ear as ears
from brookline.client.ear import Ear


class Node:
    """Answers `/v1/events` as it is told to."""

    def __init__(self, status=200):
        self.status = status
        self.asked = threading.Semaphore(0)
        self.says = threading.Semaphore(0)
        self.breaks_off = False
        self.paths: list[str] = []
        node = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                node.paths.append(self.path)
                self.send_response(node.status)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                self.wfile.write(b"event: hello\ndata: {}\n\n")
                node.asked.release()
                while node.status == 200:
                    node.says.acquire()
                    if node.breaks_off:
                        return
                    self.wfile.write(b"id: 1@p\nevent: changes\ndata: {}\n\n")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def end(self):
        self.breaks_off = True
        for _ in range(10):
            self.says.release()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Pace:
    """Notes how long it was asked to sleep, and sleeps a little."""

    def __init__(self):
        self.slept: list[float] = []

    def monotonic(self):
        return 0.0

    def wall_ms(self):
        return 0

    def sleep(self, seconds):
        self.slept.append(seconds)
        time.sleep(0.001)


@pytest.fixture
def nodes():
    made = [Node(), Node()]
    yield made
    for node in made:
        node.end()


def connect(url):
    host, _, port = url.removeprefix("http://").partition(":")
    return http.client.HTTPConnection(host, int(port))


def ear_at(*found):
    return Ear(
        lambda: [node.url for node in found], connect, headers={}, query="topics=tasks",
        names=["changes"],
    )  # fmt: skip


def stand(ear, pace):
    while not ear.stands:
        ear.pause(pace, 0.2)


def test_it_wakes_whoever_waits_when_something_is_told(nodes):
    pace = Pace()
    with ear_at(nodes[0]) as ear:
        stand(ear, pace)
        ear.pause(pace, 0.2)  # what was before it stood
        pace.slept.clear()
        nodes[0].says.release()
        ear.pause(pace, 60.0, 60.0)
        assert pace.slept == [ears._GATHER_S]
        assert nodes[0].paths == ["/v1/events?topics=tasks"]


def test_where_no_node_offers_it_one_looks_as_often_as_ever():
    node, pace = Node(status=404), Pace()
    with ear_at(node) as ear:
        ear.pause(pace, 0.2)
        assert node.asked.acquire(timeout=10)
        ear._thread.join(10)
        for _ in range(3):
            ear.pause(pace, 0.2)
        assert pace.slept == [0.2] * 4
        assert len(node.paths) == 1, "it was said to be none of its paths"
    node.end()


def test_when_a_node_breaks_off_it_wakes_whoever_waits_and_asks_the_next(nodes, monkeypatch):
    monkeypatch.setattr(ears, "_PAUSE_S", 0.01)
    pace = Pace()
    with ear_at(*nodes) as ear:
        stand(ear, pace)
        ear.pause(pace, 0.2)
        nodes[0].breaks_off = True
        nodes[0].says.release()
        ear.pause(pace, 60.0, 60.0)
        assert nodes[1].asked.acquire(timeout=10)
        stand(ear, pace)

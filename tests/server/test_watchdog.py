from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading

import pytest

from brookline.server.watchdog import EXIT_CODE, Watchdog

HANGING = """
import sys, time, asyncio
from brookline.server.loop import Standstill, new_loop
from brookline.server.watchdog import Watchdog
from brookline.values.clock import SystemClock

standstill = Standstill(SystemClock(), 10)

async def main():
    watchdog = Watchdog(lambda: standstill.ticks, 1.5)
    watchdog.start()
    print("up", flush=True)
    for line in sys.stdin:
        if line == "hang\\n":
            time.sleep(600)
        await asyncio.sleep(0)
        print("alive", flush=True)
    watchdog.stop()

with asyncio.Runner(loop_factory=lambda: new_loop(standstill)) as runner:
    runner.run(main())
"""


def test_a_loop_that_ticks_is_left_alone():
    looked, bitten, ticks = threading.Semaphore(0), threading.Event(), itertools.count()

    def tick() -> int:
        looked.release()
        return next(ticks)

    watchdog = Watchdog(tick, 0.3, bitten.set)
    watchdog.start()
    for _ in range(100):
        looked.acquire()

    watchdog.stop()
    assert not bitten.is_set()


def test_a_loop_that_stands_still_is_bitten_after_it_was_seen_so_for_the_whole_time():
    looked, bitten = itertools.count(), threading.Event()

    def tick() -> int:
        next(looked)
        return 7

    watchdog = Watchdog(tick, 0.3, bitten.set)
    watchdog.start()
    bitten.wait()

    watchdog.stop()
    assert next(looked) == 31  # once at first, then thirty wake-ups


@pytest.mark.slow
def test_a_process_whose_loop_hangs_ends():
    with subprocess.Popen(
        [sys.executable, "-c", HANGING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "up\n"
        process.stdin.write("hang\n")
        process.stdin.flush()

        assert process.wait(30) == EXIT_CODE


@pytest.mark.slow
def test_a_process_that_was_stopped_and_goes_on_is_not_ended():
    with subprocess.Popen(
        [sys.executable, "-c", HANGING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        stopped_for = threading.Event()
        stopped_for.wait(2.5)  # longer than the time after which a hanging one ends
        process.send_signal(signal.SIGCONT)

        process.stdin.write("go on\n")
        process.stdin.flush()
        assert process.stdout.readline() == "alive\n"
        process.stdin.close()
        assert process.wait(30) == 0


EXHAUSTED = """
import logging, time
from brookline.server.watchdog import Watchdog

class Exhausted(logging.Filter):
    def filter(self, record):
        raise MemoryError

logging.getLogger("brookline.server").addFilter(Exhausted())
Watchdog(lambda: 0, 0.1).start()
time.sleep(600)
"""


@pytest.mark.slow
def test_it_ends_a_process_that_has_no_memory_left_for_saying_so():
    ended = subprocess.run([sys.executable, "-c", EXHAUSTED], timeout=30, check=False)
    assert ended.returncode == EXIT_CODE

"""Threads for calls that block, with one hop there and one back."""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class _Job(NamedTuple):
    work: Callable[[], Any]
    answer: asyncio.Future[Any] | None
    loop: asyncio.AbstractEventLoop | None


class Closed(Exception):
    """The threads were sent home; nothing of the work was begun."""


class Threads:
    """At most `limit` daemon threads, started when there is work and none is idle.

    Not a ThreadPoolExecutor: that one is joined when the interpreter exits, so that a hard-mounted
    NFS that hangs would keep the process for ever; and its futures cost more than the calls here.
    Calls may come from several loops.

    Args:
        name: Of the threads, for people who look at a stack dump.
        limit: How many calls may block at the same time; more of them wait in line.
    """

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._limit = limit
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # guards the three below
        self._started = 0
        self._free = 0  # idle threads, without those that queued work has already claimed
        self._closed = False

    async def run(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, or raise what it raises.

        If the caller is cancelled, work that has begun goes on, as a request that was sent would.

        Raises:
            Closed: If the threads were sent home.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._submit(_Job(work, answer, loop))
        return await answer

    def post(self, work: Callable[[], None]) -> None:
        """Do some work in the background; it must not raise.

        Raises:
            Closed: If the threads were sent home.
        """
        self._submit(_Job(work, None, None))

    def close(self) -> None:
        """Let the threads end once they have done what is in line; nobody waits for them."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for _ in range(self._started):
                self._jobs.put(None)

    def _submit(self, job: _Job) -> None:
        with self._lock:
            if self._closed:
                raise Closed(self._name)
            self._jobs.put(job)
            if self._free > 0 or self._started == self._limit:
                self._free -= 1
                return
            self._started += 1
            number = self._started
        try:
            threading.Thread(target=self._serve, name=f"{self._name}-{number}", daemon=True).start()
        except RuntimeError:  # the system has none to spare; others will come to this job
            with self._lock:
                self._started -= 1
                self._free -= 1
                if not self._started:
                    raise

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            outcome = _done(job)
            # Idle before it tells: who hears the answer and comes again finds this thread.
            with self._lock:
                self._free += 1
            _tell(job, outcome)
            del job, outcome  # not to keep their bytes until the next one comes


def _done(job: _Job) -> tuple[object, BaseException | None]:
    """Do the work; return its result, and what it raised."""
    if job.answer is None:
        job.work()
        return None, None
    if job.answer.cancelled():
        return None, None
    try:
        return job.work(), None
    except BaseException as error:  # noqa: BLE001  # it is raised again, where it is awaited
        return None, error


def _tell(job: _Job, outcome: tuple[object, BaseException | None]) -> None:
    if job.answer is None or job.loop is None:
        return
    try:
        job.loop.call_soon_threadsafe(_deliver, job.answer, *outcome)
    except RuntimeError:  # the loop is closed: nobody listens any more
        return


def _deliver(answer: asyncio.Future[Any], result: object, problem: BaseException | None) -> None:
    if answer.cancelled():
        return
    if problem is None:
        answer.set_result(result)
    else:
        answer.set_exception(problem)

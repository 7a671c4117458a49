"""What a write asks, with how it will be answered: the answer is kept in the commit that does it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from brookline.api.answers import JSON, NO_CONTENT, Answer, Headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.api.calls import Call
    from brookline.operations.recorder import Decide
    from brookline.wire.changes import Value

_LOCATION = "location"
_DONE: Value = {"status": 204}


@dataclasses.dataclass(frozen=True, slots=True)
class Follows:
    """The answer is not known yet: it follows from a task that has begun.

    Attributes:
        task: Its id.
        headers: Of the answer.
    """

    task: str
    headers: Headers = ()


Reply = "Callable[[Any], Answer | Follows]"
"""Makes an answer of what management decides; called while the batch is sealed, so that the live
objects do not show the change yet."""


class Asked:
    """On whose behalf a write acts, and how it is answered. What management calls a context.

    Args:
        call: The write.
        reply: How it is answered.

    Attributes:
        answer: What its client is told, once it is committed; so is each who sends it again.
    """

    __slots__ = ("_call", "_reply", "answer")

    def __init__(self, call: Call, reply: Answer | Callable[[Any], Answer | Follows]) -> None:
        self.answer: Answer | Follows = NO_CONTENT
        self._call = call
        self._reply = reply

    @property
    def user(self) -> str:
        """Who asks."""
        return self._call.user

    @property
    def request(self) -> str:
        """Id of the request."""
        return self._call.request

    def once(self, decide: Decide) -> Decide:
        """Return a decision that is made once for this request."""
        assert self._call.write is not None
        return self._call.ports.node.door.memory.once(self._call.write, decide, self._tell)

    def _tell(self, decided: Any) -> Value:
        """Answer, and return what is kept of the answer."""
        reply = self._reply
        answer = self.answer = reply if isinstance(reply, Answer) else reply(decided)
        return kept(answer, self._call.base)


def kept(answer: Answer | Follows, base: str) -> Value:
    """Return an answer as it lies in the request's record.

    Args:
        answer: The answer.
        base: Scheme and authority of its links; who asks again may use another node's.
    """
    if answer is NO_CONTENT:
        return _DONE
    headers = [
        [name, value.removeprefix(base) if name == _LOCATION else value]
        for name, value in answer.headers
    ]
    value: Value = {"headers": headers} if headers else {}
    if isinstance(answer, Follows):
        return {"task": answer.task, **value}
    if answer.media != JSON:
        value["media"] = answer.media
    if answer.body:
        value["body"] = answer.body.decode()
    return {"status": answer.status, **value}


def told_again(record: Value, base: str) -> Answer | Follows:
    """Return the answer that lies in a request's record, for a client that uses `base`."""
    headers = tuple(
        (name, base + value if name == _LOCATION else value)
        for name, value in record.get("headers", ())
    )
    if "task" in record:
        return Follows(record["task"], headers)
    if record["status"] == 204:
        return NO_CONTENT
    body = record.get("body", "").encode()
    return Answer(record["status"], body, record.get("media", JSON), headers)

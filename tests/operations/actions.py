"""Actions and bodies of operations, as tests of several kinds want them."""

from brookline.operations.safety import repeatable


class Thing:
    """As much of an entity as a lock looks at."""

    def __init__(self, thing_id="e1"):
        self.id = thing_id


class Caller:
    """As much of an entity as a call needs."""

    id, name = "e2", "caller"

    def __init__(self, body):
        self.EFFECTORS = {"go": self}
        self._body = body

    def arguments(self, params):
        return {}

    def call(self, entity, operation, params):
        return self._body(operation)


def act(ran, what, result=None):
    """Return an action that may be repeated, and notes that it ran."""

    @repeatable
    def action():
        ran.append(what)
        return result

    return action


def halt(ran, gate, what="halt", mark=repeatable):
    """Return an action that notes that it began, and ends when the gate opens."""

    @mark
    async def action():
        ran.append(what)
        await gate.wait()
        return what

    return action

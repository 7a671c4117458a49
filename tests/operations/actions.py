"""Actions and bodies of operations, as tests of several kinds want them."""

from brookline.operations.safety import repeatable


class Thing:
    """As much of an entity as a lock looks at."""

    def __init__(self, thing_id="e1"):
        self.id = thing_id


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

"""Since when a wait lasts: on this node's clock, and kept for the next master."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.model.service import Lifecycle, lifecycle
from brookline.operations.kept import Moments

if TYPE_CHECKING:
    from brookline.operations.kept import Kept
    from brookline.values.clock import Clock


class Lasting:
    """Since when a wait lasts, and since when its producer is in the state that it is in.

    Attributes:
        began: Reading of this node's clock when the wait began, perhaps on another node.
        since: The same of the state.
        state: The state.
        initial: Whether it is that in which the producer was found when the wait began.
    """

    def __init__(self, clock: Clock, kept: Kept | None) -> None:
        self._clock = clock
        self._kept = kept
        self._told = False
        self.began = self.since = clock.monotonic()
        self.state: Lifecycle | None = None
        self.initial = True

    def begin(self, state: Lifecycle | None) -> None:
        """Go on where an earlier master was, or begin."""
        before = None if self._kept is None else self._kept.get()
        if before is None:
            self.state = state
            return
        self.began, self.since = (self._at(before.moments[one]) for one in ("began", "since"))
        self.state, self.initial = lifecycle(before.words["state"]), before.words["initial"]
        self._told = True
        self.see(state)

    def see(self, state: Lifecycle | None) -> None:
        """Take note of the state in which the producer is now."""
        if state is not self.state:
            self.state, self.initial, self.since = state, False, self._clock.monotonic()
            self._told = False

    async def keep(self) -> None:
        """Have the next master know it."""
        if self._kept is None or self._told:
            return
        moments = {"began": self._wall_ms(self.began), "since": self._wall_ms(self.since)}
        state = None if self.state is None else self.state.value
        await self._kept.put(Moments(moments, {"state": state, "initial": self.initial}))
        self._told = True

    async def over(self) -> None:
        """Have a later wait for the same begin anew."""
        if self._kept is not None and self._kept.get() is not None:
            await self._kept.put(None)

    def given_up(self) -> None:
        """Have a later wait for the same begin anew, but here only.

        For if this node dies before what follows is on record, the next one is to give up, too.
        """
        if self._kept is not None:
            self._kept.drop()

    def _at(self, wall_ms: int) -> float:
        return self._clock.monotonic() - max(0, self._clock.wall_ms() - wall_ms) / 1000

    def _wall_ms(self, at: float) -> int:
        return self._clock.wall_ms() - round((self._clock.monotonic() - at) * 1000)

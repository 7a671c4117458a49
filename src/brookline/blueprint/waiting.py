"""Waiting until a sensor is ready, and giving up when that has become hopeless.

The limits count on if another master goes on with the wait: since when it lasts is kept for it.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from brookline.blueprint.lasting import Lasting
from brookline.errors import InvalidInput, RemoteError
from brookline.model.bus import Event, Happening
from brookline.model.service import STATE, Lifecycle, lifecycle
from brookline.values.coercion import Uncoercible, coerce
from brookline.values.durations import Duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from brookline.model.entity import Entity
    from brookline.operations.kept import Kept
    from brookline.values.clock import Clock

_DOWN = (Lifecycle.STOPPING, Lifecycle.STOPPED, Lifecycle.DESTROYED)


class GaveUp(RemoteError):
    """A sensor did not become ready in time, or its entity failed or went away."""

    code = "gave-up"


@dataclass(frozen=True, slots=True)
class WhenReady:
    """How long to wait. An *initial* limit holds for a state found when the wait began.

    Attributes:
        timeout: In all, from the beginning of the wait.
        timeout_if_down: Once the producer is stopping, stopped or destroyed.
        timeout_if_on_fire: Once the producer is on fire.
        abort_if_on_fire: Whether a producer on fire ends the wait at all.
        wait_for_truthy: Whether 0, false and what is empty are not ready yet.
    """

    timeout: Duration
    timeout_if_down: Duration
    timeout_if_down_initial: Duration
    timeout_if_on_fire: Duration
    timeout_if_on_fire_initial: Duration
    abort_if_on_fire: bool = True
    wait_for_truthy: bool = True

    def ready(self, value: Any) -> bool:
        """Tell whether a value of the sensor ends the wait."""
        return bool(value) if self.wait_for_truthy else value is not None

    def limit(self, state: Lifecycle | None, *, initial: bool) -> Duration | None:
        """Return how long to wait while the producer is in a state; None if that sets no limit."""
        if state is Lifecycle.ON_FIRE and self.abort_if_on_fire:
            return self.timeout_if_on_fire_initial if initial else self.timeout_if_on_fire
        if state in _DOWN:
            return self.timeout_if_down_initial if initial else self.timeout_if_down
        return None


_DEFAULTS: Mapping[str, Any] = {
    "timeout": "forever",
    "timeout_if_down": "1m",
    "timeout_if_down_initial": "1m",
    "timeout_if_on_fire": "0",
    "timeout_if_on_fire_initial": "15s",
    "abort_if_on_fire": True,
    "wait_for_truthy": True,
}


def when_ready(options: Any = None) -> WhenReady:
    """Return the options of `attributeWhenReady`, in either spelling.

    Raises:
        InvalidInput: If one is unknown or of the wrong type.
    """
    if not isinstance(options, dict | None):
        raise InvalidInput("the options of attributeWhenReady are a map")
    read = dict(_DEFAULTS)
    for written, value in (options or {}).items():
        name = _snake(written)
        if name not in read:
            raise InvalidInput(f"attributeWhenReady has no option '{written}'")
        read[name] = value
    try:
        return WhenReady(**{name: coerce(value, _type_of(name)) for name, value in read.items()})
    except Uncoercible as error:
        raise InvalidInput(f"attributeWhenReady: {error}") from error


class Waiting(Protocol):
    """How an evaluation waits for sensors."""

    async def sensor(self, waiter: Entity, producer: Entity, name: str, options: WhenReady) -> Any:
        """Return the sensor's value once it is ready."""
        ...


class SensorWaiting:
    """Waits on the bus of the live model.

    Args:
        clock: For the limits.
        blocked: Told the producer and sensor when a wait begins, and (None, "") when it ends.
        kept: Returns what is kept of a wait for the next master, given what it waits for; None if
            there is none who would go on with it.
    """

    def __init__(
        self,
        clock: Clock,
        blocked: Callable[[Entity | None, str], None] | None = None,
        *,
        kept: Callable[[str], Kept] | None = None,
    ) -> None:
        self._clock = clock
        self._blocked = blocked or (lambda _entity, _sensor: None)
        self._kept = kept

    async def sensor(self, waiter: Entity, producer: Entity, name: str, options: WhenReady) -> Any:
        """Return the sensor's value once it is ready.

        Raises:
            GaveUp: When a limit has passed, or the waiter is gone.
        """
        kept = None if self._kept is None else self._kept(f"{name} of {producer.id}")
        lasting = Lasting(self._clock, kept)
        value = producer.sensors.get(name)
        if options.ready(value):
            await lasting.over()
            return value
        wait = _Wait(self._clock, waiter, producer, name=name, options=options)
        self._blocked(producer, name)
        try:
            return await wait.done(lasting)
        finally:
            self._blocked(None, "")


class _Wait:
    """One wait for one sensor."""

    def __init__(
        self, clock: Clock, waiter: Entity, producer: Entity, *, name: str, options: WhenReady
    ) -> None:
        self._clock = clock
        self._waiter = waiter
        self._producer = producer
        self._name = name
        self._options = options
        self._changed = asyncio.Event()

    async def done(self, lasting: Lasting) -> Any:
        live = self._producer.live
        ends = [
            live.bus.listen(self._heard, entity.id) for entity in (self._producer, self._waiter)
        ]
        try:
            value = await self._watch(lasting)
        except GaveUp:
            lasting.given_up()
            raise
        finally:
            for end in ends:
                end()
        await lasting.over()
        return value

    def _heard(self, event: Event) -> None:
        if event.happening is not Happening.SENSOR_CHANGED or event.sensor in (self._name, STATE):
            self._changed.set()

    async def _watch(self, lasting: Lasting) -> Any:
        lasting.begin(self._state())
        while True:
            self._changed.clear()
            value = self._sensors().get(self._name)
            if self._options.ready(value):
                return value
            if self._waiter.live.entity(self._waiter.id) is None:
                raise GaveUp(f"{self._waiter.name} went away while it waited{self._what()}")
            lasting.see(self._state())
            ends = self._ends(lasting)
            await lasting.keep()
            await self._sleep(ends - self._clock.monotonic())

    def _ends(self, lasting: Lasting) -> float:
        """Return when the wait is given up if nothing changes.

        Raises:
            GaveUp: If that is now.
        """
        state = lasting.state
        limit = self._options.limit(state, initial=lasting.initial)
        ends = lasting.began + self._options.timeout.seconds
        if limit is not None:
            ends = min(ends, lasting.since + limit.seconds)
        if self._clock.monotonic() >= ends:
            reason = f"{self._producer.name} is {state.value}" if limit and state else "too late"
            raise GaveUp(f"gave up waiting{self._what()}: {reason}")
        return ends

    async def _sleep(self, at_most_s: float) -> None:
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._changed.wait())]
        if at_most_s < math.inf:
            waits.append(asyncio.ensure_future(self._clock.sleep(at_most_s)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def _now(self) -> Entity | None:
        return self._producer.live.entity(self._producer.id)

    def _sensors(self) -> Mapping[str, Any]:
        entity = self._now()
        return entity.sensors if entity is not None else {}

    def _state(self) -> Lifecycle | None:
        if self._now() is None:
            return Lifecycle.DESTROYED
        return lifecycle(self._sensors().get(STATE))

    def _what(self) -> str:
        return f" for sensor '{self._name}' of {self._producer.name} ({self._producer.id})"


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _type_of(name: str) -> Any:
    return bool if isinstance(_DEFAULTS[name], bool) else Duration

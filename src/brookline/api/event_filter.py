"""What a client of the stream wants to hear: its question, read and checked."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

from brookline.errors import InvalidInput
from brookline.management.herald import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.management.herald import Fact

ALL = "*"
"""In the place of the names of sensors: every one."""

_MOST_NAMES = 500
"""Ids or names in one parameter."""


class Topic(enum.Enum):
    """What there is to hear of."""

    PLANE = "plane"
    APPLICATIONS = "applications"
    ENTITIES = "entities"
    TASKS = "tasks"


_DEFAULT = frozenset({Topic.PLANE, Topic.APPLICATIONS})


@dataclasses.dataclass(frozen=True, slots=True)
class Filter:
    """What is wanted. Clients with equal filters get the same bytes.

    Attributes:
        topics: What of.
        applications: Only what belongs to these; of all of them if empty.
        entities: Only what belongs to these; of all of them if empty.
        sensors: Names of sensors whose values are wanted.
        tasks: Only these and their parts; all of them if empty.
        details: Sensors and tasks only of these entities; of all that are wanted if empty.
    """

    topics: frozenset[Topic] = _DEFAULT
    applications: frozenset[str] = frozenset()
    entities: frozenset[str] = frozenset()
    sensors: frozenset[str] = frozenset()
    tasks: frozenset[str] = frozenset()
    details: frozenset[str] = frozenset()

    @property
    def of_plane(self) -> bool:
        """Whether it wants the plane."""
        return Topic.PLANE in self.topics

    @property
    def of_tasks(self) -> bool:
        """Whether it wants tasks."""
        return Topic.TASKS in self.topics

    def wants(self, fact: Fact) -> bool:
        """Tell whether anything of a fact is wanted."""
        match fact.subject:
            case Subject.MASTERSHIP:
                return self.of_plane
            case Subject.TASK:
                return self.wants_task(fact) or self.wants_interruption(fact)
            case Subject.ENTITY | Subject.SENSORS:
                return self._wants_entity(fact)

    def names(self, fact: Fact) -> frozenset[str]:
        """Return the names of sensors of which a fact tells and that are wanted."""
        if not self.sensors or Topic.ENTITIES not in self.topics:
            return frozenset()
        if not _among(fact.id, self.details):
            return frozenset()
        told = frozenset((*fact.value, *fact.gone))
        return told if ALL in self.sensors else told & self.sensors

    def wants_progress(self, tasks: tuple[str, ...], entity: str, application: str) -> bool:
        """Tell whether it is wanted how a running task gets on.

        Args:
            tasks: Its id, and those of which it is a part.
            entity: That it is about.
            application: Of the entity.
        """
        if not self.of_tasks or (self.tasks and self.tasks.isdisjoint(tasks)):
            return False
        return self._wants_task_of(entity, application)

    def wants_interruption(self, fact: Fact) -> bool:
        """Tell whether it is wanted that a task waits for a decision, or does so no more."""
        return self.of_plane and fact.undecided is not None

    def wants_task(self, fact: Fact) -> bool:
        """Tell whether the task that a fact is about is wanted itself."""
        if not self.of_tasks:
            return False
        if self.tasks and self.tasks.isdisjoint((fact.id, *fact.above)):
            return False
        if not fact.entity and not fact.value:
            return True  # one that is gone, of which nobody knows whose it was
        return self._wants_task_of(fact.entity, fact.application)

    def _wants_task_of(self, entity: str, application: str) -> bool:
        if not _among(entity, self.details):
            return False
        return _among(entity, self.entities) and _among(application, self.applications)

    def _wants_entity(self, fact: Fact) -> bool:
        is_root = fact.id == fact.application
        topics = {Topic.ENTITIES, Topic.APPLICATIONS} if is_root else {Topic.ENTITIES}
        if not topics & self.topics:
            return False
        return _among(fact.id, self.entities) and _among(fact.application, self.applications)


def read_filter(query: Mapping[str, str]) -> Filter:
    """Return what a query asks for.

    Raises:
        InvalidInput: If it cannot be read; the message says why.
    """
    asked = Filter(
        topics=_topics(query.get("topics", "")),
        applications=frozenset(words(query, "application")),
        entities=frozenset(words(query, "entity")),
        sensors=frozenset(words(query, "sensors")),
        tasks=frozenset(words(query, "task")),
        details=frozenset(words(query, "detail")),
    )
    if asked.sensors and Topic.ENTITIES not in asked.topics:
        raise InvalidInput("sensors belong to the topic entities: topics=entities&sensors=…")
    if asked.tasks and not asked.of_tasks:
        raise InvalidInput("task belongs to the topic tasks: topics=tasks&task=…")
    return asked


def words(query: Mapping[str, str], name: str) -> list[str]:
    """Return the words of a parameter, by commas.

    Raises:
        InvalidInput: If there are too many.
    """
    found = [word for word in (part.strip() for part in query.get(name, "").split(",")) if word]
    if len(found) > _MOST_NAMES:
        raise InvalidInput(f"{name} names {len(found)}; at most {_MOST_NAMES} are possible")
    return found


def _topics(text: str) -> frozenset[Topic]:
    found = set()
    for word in filter(None, (part.strip() for part in text.split(","))):
        try:
            found.add(Topic(word))
        except ValueError:
            known = ", ".join(topic.value for topic in Topic)
            raise InvalidInput(f"there is no topic {word!r}; topics are {known}") from None
    return frozenset(found) or _DEFAULT


def _among(one: str, wanted: frozenset[str]) -> bool:
    return not wanted or one in wanted

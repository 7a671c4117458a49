"""How each kind of store may answer, on a calm day and in a storm: one for each seed.

A plane must be safe on the worst of them, `anything`, and as quick on each as that allows. Which
faults a kind has follows from how it works: nothing of the client's is sent twice but by an NFS client
that sends again; nobody but S3 answers 409 to one of two creates at the same time; only what has no
consistent view shows names late. What all of them have, an outage and nodes that are cut off, the
nemesis does to them by other means.
"""

from __future__ import annotations

import dataclasses
import random
from typing import TYPE_CHECKING

from brookline.stores.faults import Odds

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.values.ids import Randomness


@dataclasses.dataclass(frozen=True, slots=True)
class StoreModel:
    """One kind of store.

    Attributes:
        name: For people.
        calm: How it answers when nothing is wrong.
        storm: Returns how it answers in a storm, each time another one.
        share: How many seeds have it, against the others.
    """

    name: str
    calm: Odds
    storm: Callable[[Randomness], Odds]
    share: int = 1


def of_anything(chance: Randomness) -> Odds:
    """All that may go wrong with any store, at once."""
    return Odds(
        travel_s=pick(chance, 0.002, 0.05, 0.3), patience_s=0.5 + up_to(chance, 1.0),
        lost_answer=up_to(chance, 0.2), lost_request=up_to(chance, 0.1), late=up_to(chance, 0.15),
        late_s=pick(chance, 1.0, 10.0, 40.0), again=up_to(chance, 0.1), again_s=20.0,
        list_lag=up_to(chance, 0.3), list_lag_s=2.0, absence=up_to(chance, 0.2), absence_s=2.0,
    )  # fmt: skip


def of_directory(chance: Randomness) -> Odds:
    """A disk that stalls, or is full: a call comes back late, or with an error and nothing done."""
    return Odds(
        travel_s=pick(chance, 0.01, 0.3, 1.0), patience_s=0.1, lost_request=up_to(chance, 0.3),
        lost_answer=up_to(chance, 0.05),  # linked, and then the folder could not be flushed
    )  # fmt: skip


def of_nfs(chance: Randomness) -> Odds:
    """A server that is slow or restarts: calls are sent again, and may find what they did before.

    Clients remember for a while which names are there, and which are not.
    """
    return Odds(
        travel_s=pick(chance, 0.01, 0.2), patience_s=1.0, lost_answer=up_to(chance, 0.1),
        late=up_to(chance, 0.1), late_s=pick(chance, 5.0, 40.0), again=up_to(chance, 0.2),
        again_s=10.0, echo=0.8, list_lag=up_to(chance, 0.5), list_lag_s=4.0,
        absence=up_to(chance, 0.5), absence_s=pick(chance, 2.0, 6.0),
    )  # fmt: skip


def of_s3(chance: Randomness) -> Odds:
    """Slow-downs, answers that do not come, and 409 for one of two that create the same key."""
    return Odds(
        travel_s=pick(chance, 0.1, 0.5), patience_s=0.5 + up_to(chance, 1.0),
        lost_answer=up_to(chance, 0.15), lost_request=up_to(chance, 0.3),
        late=up_to(chance, 0.15), late_s=pick(chance, 2.0, 30.0), conflict=1.0,
    )  # fmt: skip


def of_postgresql(chance: Randomness) -> Odds:
    """Connections that break while a commit waits for a standby: it may be, or become, durable."""
    return Odds(
        travel_s=pick(chance, 0.005, 0.2), patience_s=0.5, lost_answer=up_to(chance, 0.3),
        lost_request=up_to(chance, 0.1), late=up_to(chance, 0.2), late_s=pick(chance, 1.0, 10.0),
    )  # fmt: skip


def of_etcd(chance: Randomness) -> Odds:
    """Members that elect: what was proposed may be dropped, or be applied after its time-out."""
    return Odds(
        travel_s=pick(chance, 0.01, 0.2), patience_s=0.5 + up_to(chance, 1.0),
        lost_answer=up_to(chance, 0.1), lost_request=up_to(chance, 0.4), late=up_to(chance, 0.2),
        late_s=pick(chance, 1.0, 5.0),
    )  # fmt: skip


ANYTHING = StoreModel("anything", Odds(travel_s=0.002), of_anything, share=3)

MODELS = (
    ANYTHING,
    StoreModel("directory", Odds(travel_s=0.001), of_directory),
    StoreModel(
        "nfs",
        Odds(travel_s=0.01, list_lag=0.2, list_lag_s=1.0, absence=0.2, absence_s=1.0),
        of_nfs,
    ),
    StoreModel("s3", Odds(travel_s=0.05, conflict=0.5), of_s3),
    StoreModel("postgresql", Odds(travel_s=0.003), of_postgresql),
    StoreModel("etcd", Odds(travel_s=0.005), of_etcd),
)
"""All kinds."""


def model_for(seed: int) -> StoreModel:
    """Return the kind of store that a seed has."""
    chance = random.Random(f"store {seed}")
    return chance.choices(MODELS, [model.share for model in MODELS])[0]


def model_named(name: str) -> StoreModel:
    """Return a kind of store by its name."""
    return next(model for model in MODELS if model.name == name)


def pick(chance: Randomness, *of: float) -> float:
    """Return one of some numbers."""
    return of[int(chance.random() * len(of))]


def up_to(chance: Randomness, longest: float) -> float:
    """Return a number from 0 to `longest`."""
    return longest * chance.random()

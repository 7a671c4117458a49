"""How far a config value reaches below the entity on which it was written."""

from __future__ import annotations

import enum


class Inheritance(enum.Enum):
    """What the descendants of an entity see of its value of a key."""

    NEVER = "never"
    """Only the entity itself."""

    NOT_REINHERITED = "not_reinherited"
    """Descendants down to the first whose type declares the key: it consumes the value."""

    NOT_REINHERITED_ELSE_DEEP_MERGE = "not_reinherited_else_deep_merge"
    """As before; what meets on the way is merged, the nearer over the farther."""

    OVERWRITE = "overwrite"
    """All descendants; the nearest value hides those farther up."""

    DEEP_MERGE = "deep_merge"
    """All descendants; maps are merged, the nearer over the farther."""

    @property
    def merges(self) -> bool:
        """Whether several values become one map."""
        return self in (Inheritance.DEEP_MERGE, Inheritance.NOT_REINHERITED_ELSE_DEEP_MERGE)

    @property
    def consumed(self) -> bool:
        """Whether an entity whose type declares the key keeps its value from its descendants."""
        return self not in (Inheritance.OVERWRITE, Inheritance.DEEP_MERGE)


def deep_merged(nearer: object, farther: object) -> object:
    """Return both maps as one; a null entry of the nearer one stays (features 1.3, observed)."""
    if not isinstance(nearer, dict) or not isinstance(farther, dict):
        return nearer
    merged = dict(farther)
    for key, value in nearer.items():
        merged[key] = deep_merged(value, farther[key]) if key in farther else value
    return merged

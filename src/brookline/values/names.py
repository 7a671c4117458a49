"""What people may call a thing: a line of text that a screen can show."""

from __future__ import annotations

import re

LONGEST = 1_000
"""In characters; a name is a column of a table, and repeated in each event of its entity."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def fault_of(name: str) -> str:
    """Return what is wrong with a name, as the end of a sentence about it; empty if nothing is."""
    if len(name) > LONGEST:
        return f"is longer than {LONGEST:,} characters"
    found = _CONTROL.search(name)
    return f"has the control character U+{ord(found[0]):04X}" if found else ""

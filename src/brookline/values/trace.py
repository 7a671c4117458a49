"""Which request is being carried out, for the lines of the log; follows into the tasks it starts."""

from __future__ import annotations

import contextvars

REQUEST: contextvars.ContextVar[str] = contextvars.ContextVar("request", default="")
"""Id of the request, or empty."""

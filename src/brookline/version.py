"""The product's version, in one place for the wire, the command line and the journal."""

from __future__ import annotations

from importlib import metadata

VERSION = metadata.version("brookline")
"""Version of the installed package, such as ``0.1.0``."""

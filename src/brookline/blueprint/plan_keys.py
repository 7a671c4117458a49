"""The keys of plans and of entity specs, and what becomes of each."""

from __future__ import annotations

TYPE = ("type", "service_type", "serviceType")
CONFIG = "brooklyn.config"
FLAGS = "brooklyn.flags"
CHILDREN = "brooklyn.children"
SERVICES = "services"
TAGS = "brooklyn.tags"
ICON = "iconUrl"

USED = frozenset({
    *TYPE, CONFIG, FLAGS, CHILDREN, SERVICES, TAGS, ICON, "id", "name", "location", "locations",
    "wrappedApp",
})  # fmt: skip
"""What is read of an entity spec, and of a plan as a whole."""

ADJUNCTS = ("brooklyn.policies", "brooklyn.enrichers", "brooklyn.initializers")

INERT = frozenset({*ADJUNCTS, "brooklyn.parameters", "brooklyn.catalog", "artifacts"})
"""What AMP acts on and this version does not yet."""

METADATA = frozenset({
    "version", "description", "displayName", "iconUrl", "icon_url", "origin", "license",
    "license_code", "publish", "issues_url", "source_url", "documentation", "maintainer", "author",
    "tags", "icon.url",
})  # fmt: skip
"""What people write at the head of a plan for other people."""

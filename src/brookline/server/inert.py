"""Keys of AMP that are known and have no effect yet: named in a warning, never passed over.

Source of the keys: Cloudsoft AMP's and Apache Brooklyn's documents.
"""

from __future__ import annotations

import fnmatch

INERT: dict[str, str] = {
    "ignorePersistenceErrors": "what cannot be rebuilt is set aside and shown, and the start goes on",
    "ignoreCatalogErrors": "there is no catalog yet",
    "ignoreWebErrors": "a port that is taken ends the start",
    "ignoreAppErrors": "applications at the start are not supported yet",
    "default.catalog.location": "there is no catalog yet",
    "brooklyn.catalog.url": "there is no catalog yet",
    "brooklyn.datadir": "the home's data folder is used",
    "brooklyn.persistence.backups.location.spec": "backups are files: name a folder as"
    " brooklyn.persistence.backups.dir",
    "brooklyn.persistence.dir.required": "set persistMode to REBIND to refuse an empty store",
    "persister.threadpool.maxSize": "one append is in flight at a time, with all that waits in it",
    "persister.maxSerializationAttempts": "there is nothing to try again",
    "rebind.failureMode.*": "what cannot be rebuilt is set aside and shown",
    "brooklyn.managementNodeState.*": "listeners are not supported yet",
    "brooklyn.usageManager.*": "usage is not recorded yet",
    "brooklyn.gc.*": "tasks are kept by name, entity, age and in all; memory looks after itself",
    "brooklyn.webconsole.security.keystore.*": "give a PEM file as brookline.tls.certificate",
    "brooklyn.webconsole.security.transport.*": "the system's choice of TLS versions and ciphers"
    " is used",
    "org.ops4j.pax.web.ssl.*": "give a PEM file as brookline.tls.certificate",
    "org.ops4j.pax.web.*": "the web server is another",
    "brooklyn.webconsole.security.ldap.*": "LDAP is not supported yet",
    "brooklyn.webconsole.security.delegate.*": "providers cannot be combined yet",
    "brooklyn.webconsole.security.unauthenticated.endpoints": "the probes under /healthz need no"
    " login, all else does",
    "brooklyn.entitlements.*": "roles are not supported yet: every user may do everything",
    "org.apache.brooklyn.server.*": "no stack trace leaves the server",
    "brooklyn.security.sensitive.fields.tokens": "the names that are masked cannot be chosen yet",
    "brooklyn.security.sensitive.fields.plaintext.blocked": "plain-text secrets are not refused yet",
    "brooklyn.security.sensitive.fields.ext.blocked.phrases": "plain-text secrets are not refused"
    " yet",
    "brooklyn.https.config.*": "no connection goes out by HTTPS yet",
    "workflow.retention.*": "there are no workflows yet",
    "brooklyn.logbook.*": "there is no logbook yet",
    "brooklyn.external.*": "external configuration is not supported yet",
    "brooklyn.location.*": "there is no location but localhost yet",
    "brooklyn.ssh.config.*": "there is no location but localhost yet",
    "brooklyn.osgi.*": "there is no OSGi",
    "brooklyn.download.*": "downloads are not supported yet",
    "brooklyn.experimental.feature.*": "there is no such feature",
}
"""Pattern of a key, and why it has no effect."""

HARMLESS = {("brooklyn.entitlements.global", "root")}
"""Keys and values that say what holds anyway."""

UNREAD_FILES = {
    "org.ops4j.pax.logging.cfg": "use --log-level and --log-format",
    "org.apache.brooklyn.rest.filter.cors.cfg": "other origins are not allowed",
    "org.apache.brooklyn.core.catalog.bomscanner.cfg": "there is no catalog yet",
    "default.catalog.bom": "there is no catalog yet",
}
"""Files of AMP's `etc` folder that are not read, and what holds instead."""


def why_inert(key: str) -> str | None:
    """Return why a key of AMP has no effect, or None if it is not known here."""
    for pattern, reason in INERT.items():
        if fnmatch.fnmatchcase(key, pattern):
            return reason
    return None

"""Heartbeats: what each node says of itself, under ``node/<instance>``."""

from __future__ import annotations

import msgspec


class Heartbeat(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sign of life. Observers time only whether `counter` rises; no timestamp is compared.

    Attributes:
        instance: Id of this start of the node; AMP's node id.
        name: Persistent name of the node.
        home: Id of the home folder, made at its first start.
        home_path: Absolute path of the home, to prove a death on the same machine.
        boot: Id of the machine's boot.
        host: Name of the machine.
        counter: Rises by one with each heartbeat.
        state: AMP's state, such as ``HOT_STANDBY``.
        mode: The mode that was asked for, such as ``AUTO``.
        leaving: Whether the node is about to leave or stands in no election for another reason.
        epoch: Under which the node leads, or 0.
        settled: Whether no master before `epoch` can act in the world any more.
        tail: The last entry that the node has applied.
        replayed: Progress of a promotion; rises while it advances.
        commit_age_ms: Age of the last commit of a master, or -1.
        stopped: Whether it appends nothing more under `epoch` (stopped in doubt, or left).
        address: Where other nodes reach it, as ``http://127.0.0.1:8081``.
        uri: Where users reach it.
        priority: Of AMP's order; higher is preferred.
        version: Of the product.
        ready: Whether its copy has been replayed and could lead at once.
        lag_ms: How long ago its copy was last known to be current.
        public_key: For signatures of calls between nodes, in hex.
        certificate: SHA-256 of its TLS certificate in hex, to which callers pin; empty without TLS.
        wall_ms: Its wall clock, for people.
        pid: Its process id.
        poll_ms: Milliseconds between its beats; nodes that do not say it beat once a second.
        alarm: What people must look at, or empty.
        line: The master, by instance, at whose address it keeps a line, or tries to; or empty.
        unreached_ms: For how long it has not reached that master there; 0 if it does.
    """

    instance: str
    name: str
    home: str
    counter: int
    state: str
    mode: str
    wall_ms: int
    home_path: str = ""
    boot: str = ""
    host: str = ""
    leaving: bool = False
    epoch: int = 0
    settled: bool = False
    tail: int = 0
    replayed: int = 0
    commit_age_ms: int = -1
    stopped: bool = False
    address: str = ""
    uri: str = ""
    priority: int = 0
    version: str = ""
    ready: bool = False
    lag_ms: int = 0
    public_key: str = ""
    certificate: str = ""
    pid: int = 0
    poll_ms: int = 1000
    alarm: str = ""
    line: str = ""
    unreached_ms: int = 0

"""Who a node is."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What does not change while a node runs.

    Attributes:
        instance: New at each start; AMP's node id.
        name: Persistent name: ``--name``, else the home folder's, else the host's.
        home: Id kept in the home folder since its first start.
        former: Instance that last ran on this home, or empty.
        home_path: Absolute path of the home.
        boot: Id of the machine's boot.
        host: Name of the machine.
        address: Where other nodes reach it, such as ``http://127.0.0.1:8081``.
        uri: Where users reach it.
        version: Of the product.
        pid: Its process id.
        public_key: For calls between nodes, in hex.
        certificate: SHA-256 of its TLS certificate, in hex, or empty.
    """

    instance: str
    name: str
    home: str
    former: str = ""
    home_path: str = ""
    boot: str = ""
    host: str = ""
    address: str = ""
    uri: str = ""
    version: str = ""
    pid: int = 0
    public_key: str = ""
    certificate: str = ""

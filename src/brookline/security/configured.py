"""Users in the node's own properties, as AMP writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.security.passwords import amp_hash, argon2_hash
from brookline.security.users import User

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "brooklyn.webconsole.security"
USERS = f"{PREFIX}.users"
_FIELDS = ("password", "salt", "sha256")


def configured_users(properties: Mapping[str, str]) -> tuple[dict[str, User], list[str]]:
    """Return the users that properties name, and what is wrong with others.

    A password in plain text is hashed here, which takes some 25 ms each: call it in a thread.

    Source: `brooklyn.webconsole.security.users` is a list of names or ``*`` for all that have a
    password; each has ``.user.NAME.password``, or ``.user.NAME.salt`` and ``.sha256``.
    """
    listed = _names(properties.get(USERS, ""))
    names = _with_password(properties) if listed == ["*"] else listed
    users, faults = {}, []
    for name in names:
        try:
            users[name] = _user(name, properties)
        except ValueError as error:
            faults.append(str(error))
    return users, faults


def user_key(name: str, field: str) -> str:
    """Return the key of one property of a user."""
    return f"{PREFIX}.user.{name}.{field}"


def is_user_key(key: str) -> bool:
    """Tell whether a key belongs to the users."""
    return key.startswith(f"{PREFIX}.user.") and key.rpartition(".")[2] in _FIELDS


def _names(text: str) -> list[str]:
    return [name for name in (part.strip() for part in text.split(",")) if name]


def _with_password(properties: Mapping[str, str]) -> list[str]:
    start = len(f"{PREFIX}.user.")
    names = (key[start:].rpartition(".")[0] for key in properties if is_user_key(key))
    return list(dict.fromkeys(names))


def _user(name: str, properties: Mapping[str, str]) -> User:
    if ":" in name:
        raise ValueError(f"the user name {name!r} has a colon, which no login can carry")
    plain, salt, digest = (properties.get(user_key(name, field), "") for field in _FIELDS)
    if plain:
        return User(name, argon2_hash(plain))
    if not digest:
        raise ValueError(f"user {name!r} has neither {user_key(name, 'password')} nor .sha256")
    try:
        return User(name, amp_hash(salt, digest))
    except ValueError as error:
        raise ValueError(f"{user_key(name, 'sha256')}: {error}") from error

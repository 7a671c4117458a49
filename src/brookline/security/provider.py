"""Security providers: who may log in, in our words and in AMP's class names."""

from __future__ import annotations

import enum


class Provider(enum.Enum):
    """Who may log in."""

    USERS = "users"
    """The users of the plane and those configured on the node."""

    ANYONE = "anyone"
    """Everybody, with any name or none; on loopback only."""

    NOBODY = "nobody"
    """Nobody at all."""


_CLASSES = {
    "ExplicitUsersSecurityProvider": Provider.USERS,
    "BrooklynUserWithRandomPasswordSecurityProvider": Provider.USERS,
    "AnyoneSecurityProvider": Provider.ANYONE,
    "BlackholeSecurityProvider": Provider.NOBODY,
}
"""Source: `brooklyn.webconsole.security.provider` of AMP, by the last part of the class's name."""


def provider_of(text: str) -> Provider:
    """Return the provider of that word or class name.

    Raises:
        ValueError: If there is none. Another provider than the one that was asked for would let
            in whom its operator did not mean, so none stands in for it.
    """
    word = text.rpartition(".")[2]
    if word in _CLASSES:
        return _CLASSES[word]
    try:
        return Provider(word.lower())
    except ValueError:
        words = ", ".join(provider.value for provider in Provider)
        raise ValueError(f"there is no security provider {text!r}; there are {words}") from None

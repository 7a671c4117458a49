"""Requests of a page that a test holds back on their way."""

from __future__ import annotations


def held(page, address):
    """Hold back what is asked for there; return it as it comes."""
    asked = []

    def hold(route):
        asked.append(route)

    page.route(address, hold)
    return asked


def release(routes):
    for route in routes:
        route.continue_()

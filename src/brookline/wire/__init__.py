"""Shapes on the wire and at rest: structs without behaviour."""

"""Brookline: applications from blueprints, managed by servers that may die."""

"""Locations: where entities run, and machines on which commands are run.

Start reading at `command` and `machine` (what is asked of a machine), then `local` (this host).
"""

"""The plane: who may append. States, heartbeats, election, lease, hand-over, mail, history.

Decisions are pure functions from value to value; the loops around them do the I/O. Clock,
randomness, store and peers are arguments, so that a simulator can run whole planes.
"""

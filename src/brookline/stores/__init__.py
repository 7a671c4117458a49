"""Stores: the five calls, one file a back end, and the probe that shows whether one carries HA."""

"""Fakes that we ship, for our tests and for yours."""

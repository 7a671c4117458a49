"""The demo: an application outlives `kill -9` of its master, before your eyes.

Run it with ``python -m brookline.cli.demo``. `story` is what happens; `nodes` are the servers,
real processes; `witnesses` read the page and write through the API all the while.
"""

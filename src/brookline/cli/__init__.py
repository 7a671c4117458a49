"""The command line: `brookline server` runs a node, all other commands are clients of a plane.

`main` finds the command and turns errors into sentences and exit statuses. A command decodes its
arguments, asks through `brookline.client`, and prints: data on stdout, progress on stderr.
"""

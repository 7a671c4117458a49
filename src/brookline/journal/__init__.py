"""The journal: entries, writer, reader, fence, snapshots, collection.

Whoever reads this folder in an evening should believe that no acknowledged write is lost.
"""

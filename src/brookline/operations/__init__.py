"""Operations: work with an id, a history and an owner.

Start reading at `task` (what is known of a piece of work), then `operation` (what code that does
the work is handed) and `supervisor` (who owns all that runs).
"""

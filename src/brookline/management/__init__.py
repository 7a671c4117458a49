"""Management: applications on the plane. Records become live objects, wishes become changes.

Start reading at `management` (what users can ask for), then `stage` (how records are shown) and
`opening` (what a new master finds).
"""

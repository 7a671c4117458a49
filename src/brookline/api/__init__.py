"""The REST API: one table of routes, one file a resource. Handlers decode, ask and encode.

Rules live below this folder; what it needs of them is in `ports`. The way of a request: `edge`
(login, route, who may answer), then a handler, or, for a write, the plane's door, which has it
carried out by the master wherever that is (`writes`). `hot` stands in front of all of it and
answers what is asked most often from bytes that were encoded before.
"""

"""The client library: give it the addresses of all nodes, and it finds and follows the master.

    from brookline.client.client import Client
    from brookline.client import calls

    with Client(["http://10.0.0.1:8081", "http://10.0.0.2:8081"], user="admin", password=p) as plane:
        task = plane.do(calls.deploy(blueprint))

`course` decides whom to ask and what may be repeated, without I/O; `client` drives it over
`transport`; `calls` has one function a call of the REST API.
"""

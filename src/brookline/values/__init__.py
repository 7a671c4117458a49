"""Plain values: time, sizes, ports, versions, identities. Imports nothing else of ours."""

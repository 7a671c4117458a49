"""The web console as it is built: static files, and the rules under which a node hands them out."""

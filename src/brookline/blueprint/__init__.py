"""Blueprints: YAML with positions, the ``$brooklyn:`` language, specs and the records they become."""

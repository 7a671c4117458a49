"""The live model: entities, their types, config, sensors and effectors. Performs no I/O."""

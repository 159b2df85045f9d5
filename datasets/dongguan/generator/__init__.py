"""The parts of the generator, each with its own stream of chance. `generate.py` is the entry."""

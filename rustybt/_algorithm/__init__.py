"""The parts of an algorithm, each of them what one kind of api functions does."""

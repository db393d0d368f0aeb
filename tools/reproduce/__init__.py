"""Build every artefact twice under other conditions and compare the bytes."""

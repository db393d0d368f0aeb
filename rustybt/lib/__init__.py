"""Array types, window kernels and ranking that the engine is built from."""

"""The commands of ``rustybt`` that need the engine; those that prove it are in rustybt.smoke."""

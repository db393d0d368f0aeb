"""Makes `pixi.lock` from conda-forge's package records, and checks it against `pixi.toml`."""

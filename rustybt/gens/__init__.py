"""The event stream that drives a simulation."""

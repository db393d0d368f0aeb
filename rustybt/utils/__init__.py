"""Helpers of the engine under the names that Zipline gave them."""

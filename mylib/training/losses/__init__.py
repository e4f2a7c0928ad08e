"""Losses that choose which mistakes count and where features should lie: `scratch` in NumPy, `pytorch` on a GPU."""

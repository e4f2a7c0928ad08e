"""Self-supervision, labels that the data give themselves: `scratch` in NumPy, `pytorch` on a GPU."""

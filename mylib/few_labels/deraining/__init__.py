"""Deraining, from drawn to real rain, with labels from Gaussian processes: `scratch` in NumPy, `pytorch` on a GPU."""

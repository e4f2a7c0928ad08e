"""Pseudo-labels, consistency and curricula, FixMatch and FlexMatch: `scratch` in NumPy, `pytorch` on a GPU."""

"""Ordered data: order and identity apart, repulsive clusters, ranks by comparison; `scratch` in NumPy, `pytorch`."""

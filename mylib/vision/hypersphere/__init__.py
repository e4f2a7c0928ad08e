"""Prototypes on a sphere for classes and numbers: `scratch` in NumPy on the engine, `pytorch` with its kernels."""

"""Person re-identification without labels: `scratch` in NumPy on the engine, `pytorch` with its kernels."""

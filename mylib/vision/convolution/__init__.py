"""Filters, convolutional layers, pooling and LeNet: `scratch` in NumPy on the engine, `pytorch` with its kernels."""

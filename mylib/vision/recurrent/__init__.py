"""Recurrent networks, LSTMs and captions: `scratch` in NumPy on the engine, `pytorch` with its kernels."""

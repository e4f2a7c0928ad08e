"""Normalisation of layers and of weights, and attention to the channels of tokens: `scratch` in NumPy, `pytorch`."""

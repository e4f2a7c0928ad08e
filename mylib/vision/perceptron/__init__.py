"""The perceptron and the multi-layer perceptron: `scratch` in NumPy, `pytorch` as a practitioner runs it."""

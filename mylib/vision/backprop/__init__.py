"""Gradient descent and backpropagation: `scratch` by hand and on the engine, `pytorch` by autograd."""

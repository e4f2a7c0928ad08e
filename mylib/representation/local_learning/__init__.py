"""Learning without backpropagation through layers, CPC and CLAPP: `scratch` in NumPy, `pytorch` on a GPU."""

"""The Transformer: `scratch` in NumPy on the engine, `pytorch` with its fused attention."""

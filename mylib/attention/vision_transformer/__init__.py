"""The vision Transformer: `scratch` in NumPy on the engine, `pytorch` with fused attention."""

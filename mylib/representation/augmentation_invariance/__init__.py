"""Views that share one augmentation, spaces sensitive to one: `scratch` in NumPy on the engine, `pytorch` on a GPU."""

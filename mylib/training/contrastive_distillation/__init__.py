"""Contrastive representation distillation: `scratch` in NumPy, `pytorch` on a GPU."""

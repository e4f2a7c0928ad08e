"""Shifted windows: a Transformer with a hierarchy (Swin)."""

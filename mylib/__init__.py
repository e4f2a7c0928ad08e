"""A deep-learning course: every method from scratch in NumPy and as GPU-ready PyTorch."""

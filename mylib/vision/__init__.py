"""Part 1: computer vision with deep learning."""

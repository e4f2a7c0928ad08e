"""Part 2: attention and unsupervised learning."""

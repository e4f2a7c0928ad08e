"""Class activation maps: where a classifier looked, read off its last convolution."""

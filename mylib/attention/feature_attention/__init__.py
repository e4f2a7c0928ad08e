"""Weights on channels and on places: squeeze-and-excitation and the convolutional block attention module."""

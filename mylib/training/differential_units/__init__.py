"""Activation functions that are learned: differential equation units."""

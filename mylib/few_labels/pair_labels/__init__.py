"""Pairs of pseudo-labels: SimPLE."""

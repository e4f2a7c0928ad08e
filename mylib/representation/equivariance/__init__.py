"""Equivariance: follow the input or forget it? Shifts, poses of parts, and capsule networks."""

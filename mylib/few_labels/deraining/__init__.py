"""PLACEHOLDER: From synthetic to real rain: Gaussian-process pseudo-labels."""

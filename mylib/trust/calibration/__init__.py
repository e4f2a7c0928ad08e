"""Calibration, its error, its repair and what it costs: `scratch` in NumPy, `pytorch` on a GPU, `drawing` for both."""

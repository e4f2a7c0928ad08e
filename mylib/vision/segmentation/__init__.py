"""Per-pixel outputs: transposed convolution, fully convolutional networks, RoIAlign and Mask R-CNN.

`scratch` is NumPy on the engine, `pytorch` runs on a GPU; what concerns single objects stands in `*_instances`.
"""

"""Object detection: boxes, proposals, RoI pooling, R-CNN, Fast and Faster R-CNN, average precision.

`scratch` is NumPy on the engine, `pytorch` runs on a GPU without waiting for it; each is spread over files of its own:
`*_boxes`, `*_proposals`, `*_regions` and `*_precision` beside the detectors. What both promise stands in `contract`.
"""

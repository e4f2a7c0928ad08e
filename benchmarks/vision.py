"""Rows of the vision topics: NMS and RoIAlign against ONNX's reference evaluator, and Fast R-CNN against R-CNN."""

import numpy as np
import onnx
import onnx.reference
import torch

from mylib import engine
from mylib.vision.detection import pytorch, scratch
from mylib.vision.segmentation import pytorch as segmentation_pytorch
from mylib.vision.segmentation import scratch as segmentation_scratch


def reference(operation, inputs, **attributes):
    """A function that runs one ONNX operation on arrays, with the model built ahead."""
    kinds = {"float32": onnx.TensorProto.FLOAT, "int64": onnx.TensorProto.INT64}
    values = [onnx.helper.make_tensor_value_info(name, kinds[str(array.dtype)], None) for name, array in inputs.items()]
    result = onnx.helper.make_tensor_value_info(
        "y", kinds["int64" if operation == "NonMaxSuppression" else "float32"], None
    )
    node = onnx.helper.make_node(operation, list(inputs), ["y"], **attributes)
    model = onnx.helper.make_model(onnx.helper.make_graph([node], operation, values, [result]))
    evaluator = onnx.reference.ReferenceEvaluator(model)
    return lambda: evaluator.run(None, inputs)[0]


def boxes(count, size, seed=0):
    """Random boxes in a square image. Shape (count, 4), float32."""
    corners = np.sort(np.random.default_rng(seed).uniform(0, size - 1, (count, 2, 2)), axis=1)
    return (corners.reshape(count, 4) + [0, 0, 1, 1]).astype(np.float32)


def suppression(row, count=300):
    """Non-maximum suppression in PyTorch and on the engine's side, against ONNX's reference."""
    many = boxes(count, 256)
    scores = np.random.default_rng(1).permutation(count).astype(np.float32)
    theirs = reference(
        "NonMaxSuppression",
        {
            "boxes": many[None][..., [1, 0, 3, 2]],
            "scores": scores[None, None],
            "most": np.array([count]),
            "threshold": np.array([0.5], np.float32),
        },
    )
    tensors = torch.from_numpy(many), torch.from_numpy(scores)
    peers = {"onnx reference": theirs}
    return [
        row(f"NMS of {count} boxes, PyTorch twin", lambda: pytorch.nms(*tensors, 0.5), peers),
        row(f"NMS of {count} boxes, NumPy twin", lambda: scratch.nms(many, scores, 0.5), peers),
    ]


def alignment(row, count=100):
    """RoIAlign of 7 x 7 bins on a map of 32 channels, in PyTorch and in NumPy, against ONNX's reference."""
    features = np.random.default_rng(3).random((1, 32, 32, 32)).astype(np.float32)
    regions = boxes(count, 128)
    options = {"sampling_ratio": 2, "spatial_scale": 0.25}
    inputs = {"features": features, "regions": regions, "image": np.zeros(count, np.int64)}
    mode = {"coordinate_transformation_mode": "half_pixel"}
    theirs = reference("RoiAlign", inputs, output_height=7, output_width=7, **options, **mode)
    rows = np.concatenate([np.zeros((count, 1), np.float32), regions], axis=1)
    arguments = torch.from_numpy(features), torch.from_numpy(rows)
    peers = {"onnx reference": theirs}
    return [
        row(
            f"RoIAlign of {count} regions, PyTorch twin",
            lambda: segmentation_pytorch.roi_align(*arguments, 7, **options),
            peers,
        ),
        row(
            f"RoIAlign of {count} regions, NumPy twin",
            lambda: segmentation_scratch.roi_align(features, rows, 7, **options),
            peers,
        ),
    ]


def detectors(row, count=200):
    """One image and 200 proposals: Fast R-CNN against R-CNN with the same weights, on each side."""
    image = np.random.default_rng(2).random((1, 3, 64, 64)).astype(np.float32)
    made = []
    for side, module, convert in (
        ("NumPy", scratch, np.asarray),
        ("PyTorch", pytorch, torch.as_tensor),
    ):
        fast, slow = module.FastRCNN().eval(), module.RCNN().eval()
        slow.load_state_dict(fast.state_dict())
        arguments = convert(image), convert(boxes(count, 64)[None])

        def infer(model, arguments=arguments):
            def run():
                with engine.no_grad(), torch.no_grad():
                    model(*arguments)

            return run

        made.append(row(f"Fast R-CNN, {count} proposals, {side}", infer(fast), {"R-CNN": infer(slow)}))
    return made


def rows(row):
    """All of them, each made by `row(name, ours, peers)`."""
    return [*suppression(row), *alignment(row), *detectors(row)]

"""What both sides of detection promise: half precision, devices without float64, refusals, and help for both."""

import ast
import inspect
import tracemalloc

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from mylib import syllabus
from mylib.vision.detection import contract, pytorch, scratch
from mylib.vision.segmentation import pytorch as segmentation_pytorch
from mylib.vision.segmentation import scratch as segmentation_scratch
from tests.twins import assert_same_help
from tests.vision.detection.cases import random_boxes

BIG = [
    [0.0, 0, 400, 400],
    [0, 0, 400, 399],
    [500, 500, 900, 900],
]  # areas above 65,504, float16's largest number


# half precision


def test_areas_and_overlaps_of_half_precision_boxes_are_those_of_float32(side):
    module, array = side
    half = array(np.array(BIG, np.float16))
    assert np.asarray(module.box_area(half)).tolist() == [160000, 159600, 160000]
    np.testing.assert_allclose(
        np.asarray(module.iou(half, half)), scratch.iou(BIG, BIG), rtol=1e-6, err_msg="a box overlaps itself"
    )
    assert np.asarray(module.nms(half, array(np.array([3, 2, 1], np.float16)), 0.5)).tolist() == [0, 2]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_targets_of_half_precision_boxes_are_those_of_float32(dtype):
    boxes = torch.tensor([[[0.0, 0, 400, 400], [0, 0, 384, 400], [512, 512, 640, 640]]])
    truth, labels = torch.tensor([[[0.0, 0, 400, 384]]]), torch.tensor([[3]])
    expected = pytorch.assign_targets(boxes, truth, labels)
    got = pytorch.assign_targets(boxes.to(dtype), truth.to(dtype), labels)
    assert got[0].tolist() == expected[0].tolist() == [[4, 4, 0]]
    torch.testing.assert_close(got[1].float(), expected[1], rtol=1e-2, atol=1e-2)


def test_targets_of_half_precision_boxes_in_numpy():
    assigned, deltas = scratch.assign_targets(np.array(BIG, np.float16), np.array(BIG[:1], np.float16), [3])
    assert assigned.tolist() == [4, 4, 0]
    assert np.isfinite(deltas).all()


def test_coding_half_precision_boxes_loses_no_more_than_their_type(side):
    # The sum of two corners of this box is no number of float16: halving it would be off by half a pixel.
    module, array = side
    box, reference = np.array([[1025.0, 1025, 1030, 1030]]), np.array([[1024.0, 1024, 1030, 1030]])
    got = module.encode_boxes(array(box.astype(np.float16)), array(reference.astype(np.float16)))
    np.testing.assert_allclose(np.asarray(got), scratch.encode_boxes(box, reference), rtol=2e-3)
    back = module.decode_boxes(got, array(reference.astype(np.float16)))
    np.testing.assert_allclose(np.asarray(back), box, atol=0.02)


@pytest.mark.parametrize(("dtype", "x"), [(torch.float16, 2050.0), (torch.bfloat16, 258.0)])
def test_regions_of_half_precision_pool_the_cells_of_float32(dtype, x):
    # Half of x is a whole number and half a cell more is none of this type: it would become the next cell.
    features, rois = torch.arange(4 * 1100.0).reshape(1, 1, 4, 1100), torch.tensor([[0.0, x, 0, x + 4, 8]])
    assert rois.to(dtype).float().tolist() == rois.tolist()
    torch.testing.assert_close(
        pytorch.roi_pool(features, rois.to(dtype), 1, 0.5), pytorch.roi_pool(features, rois, 1, 0.5)
    )


def test_suppression_within_classes_keeps_the_digits_of_half_precision_boxes():
    # Class 80 of a picture of 800 pixels is moved by 128,000 pixels, which is infinity in float16.
    images = torch.zeros(1, 3, 800, 800)
    boxes = torch.tensor([[[100.0, 100, 200, 200], [101, 100, 201, 200], [300, 300, 340, 340]]])
    scores = torch.full((1, 3, 81), -20.0)
    scores[0, :, 80] = torch.tensor([5.0, 4.0, 3.0])
    for dtype in (torch.float32, torch.float16):
        outputs = scores.to(dtype), torch.zeros(1, 3, 4, dtype=dtype)
        ((kept, _, labels),) = pytorch.detections_of(outputs, boxes.to(dtype), images, None, 0.5, 0.3)
        assert kept.tolist() == boxes[0, [0, 2]].tolist()
        assert labels.tolist() == [79, 79]


def test_the_loss_of_very_many_anchors_is_finite_in_half_precision():
    # 0.69 for each of 150,000 anchors: their sum is no number of float16, their mean is.
    logits, deltas = torch.zeros(1, 150_000).half(), torch.zeros(1, 150_000, 4).half()
    boxes = torch.tensor([0.0, 0, 10, 10]).repeat(150_000, 1)
    network = pytorch.RegionProposalNetwork(4)
    loss = network.loss(boxes, logits, deltas, torch.tensor([[[90.0, 90, 99, 99]]]), torch.tensor([[0]]))
    assert loss.item() == pytest.approx(0.5 * np.log(2), rel=1e-3)


# devices without float64


def test_where_a_device_has_no_float64_results_are_float32_and_the_same(monkeypatch):
    image = torch.tensor(np.random.default_rng(0).random((3, 12, 10)))
    boxes, truth = torch.tensor([[0, 0, 10, 8], [2, 2, 9, 9]]), torch.tensor([[0, 0, 10, 10]])
    labels = torch.tensor([1, 1])
    found = [(boxes, torch.tensor([0.9, 0.4]), labels)], [(truth, labels[:1])]
    calls = (
        lambda: pytorch.felzenszwalb(image, 50, 4),
        lambda: pytorch.selective_search(image, 50, 4),
        lambda: pytorch.average_precision(*found),
        lambda: pytorch.iou(boxes, truth),
    )
    expected = [call() for call in calls]
    for name in ("pytorch_boxes", "pytorch_proposals", "pytorch_precision"):
        module = __import__(f"mylib.vision.detection.{name}", fromlist=["widest_float"])
        monkeypatch.setattr(module, "widest_float", lambda device: torch.float32)
    for call, wanted in zip(calls, expected, strict=True):
        got = call()
        assert got.dtype != torch.float64
        torch.testing.assert_close(got, wanted.to(got.dtype))


def test_thresholds_given_as_numbers_keep_all_their_digits(side):
    # 60 of 100 pixels is 0.6; float32's 0.6 is a little more.
    module, array = side
    found = [(array(np.array([[0.0, 0, 10, 6]])), array(np.array([0.9])), array(np.array([1])))]
    truth = [(array(np.array([[0.0, 0, 10, 10]])), array(np.array([1])))]
    assert module.average_precision(found, truth, [0.6]).tolist() == [1.0]


# suppression in tiles


def definition(boxes, scores, threshold):
    """Girshick et al. (2014), and what torchvision says that it computes: one box after the other."""
    order, kept = np.argsort(-scores, kind="stable").tolist(), []
    overlap = scratch.iou(boxes, boxes)
    for i in order:
        if all(overlap[i, j] <= threshold for j in kept):
            kept.append(i)
    return kept


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
def test_suppression_in_tiles_is_the_definition(count):
    rng = np.random.default_rng(count)
    for spread in (20.0, 200.0):
        boxes, scores = random_boxes(rng, count, size=spread), rng.integers(0, 9, count) / 10.0  # ties
        for threshold in (0.0, 0.3, 0.7, 1.0):
            got = pytorch.nms(torch.tensor(boxes), torch.tensor(scores), threshold)
            assert got.tolist() == definition(boxes, scores, threshold)


def test_a_chain_that_crosses_many_tiles_keeps_every_second_box():
    x = torch.arange(1000.0) * 6
    chain = torch.stack([x, torch.zeros(1000), x + 10, torch.full((1000,), 10.0)], dim=1)
    assert pytorch.nms(chain, -x, 0.2).tolist() == list(range(0, 1000, 2))


class Sizes(TorchDispatchMode):
    """How many numbers the largest tensor has that is made inside."""

    largest = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        for one in made if isinstance(made, tuple) else (made,):
            self.largest = max(self.largest, one.numel() if isinstance(one, torch.Tensor) else 0)
        return made


def test_room_for_suppression_grows_with_the_boxes_and_not_with_their_square():
    boxes = torch.tensor(random_boxes(np.random.default_rng(1), 2000, size=400.0))
    with Sizes() as sizes:
        pytorch.nms(boxes, torch.arange(2000.0), 0.5)
    assert sizes.largest <= 64 * 2000


# RoIAlign stands in the next topic, but on what is said here of regions

LARGE = [[0.0, -30, -30, 60, 60], [0, -3, -70, 90, 5], [0, 1, 2, 7, 7], [0, -1, 9, 40, 9]]


@pytest.mark.parametrize("size", [1, 2, (3, 2)])
def test_aligned_pooling_of_regions_larger_than_the_map_is_the_mean_of_all_their_points(size):
    features = torch.arange(128.0).reshape(1, 2, 8, 8).sin().double()
    rois = torch.tensor(LARGE).double()
    expected = segmentation_scratch.roi_align_loops(features.numpy(), rois.numpy(), size, 1.0, 0)
    ours = segmentation_scratch.roi_align(features.numpy(), rois.numpy(), size, 1.0, 0).numpy()
    eager = segmentation_pytorch.roi_align(features, rois, size, 1.0, 0)
    compiled = torch.compile(segmentation_pytorch.roi_align, backend="eager", fullgraph=True)
    for got in (ours, eager, compiled(features, rois, size, 1.0, 0)):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)


def test_room_for_a_region_does_not_grow_with_the_region(side):
    module, array = side
    align = (segmentation_scratch if module is scratch else segmentation_pytorch).roi_align
    features, rois = array(np.ones((1, 2, 8, 8))), array(np.array([[0.0, -1e7, -1e7, 1e7, 1e7]]))
    tracemalloc.start()
    with Sizes() as sizes:
        got = align(features, rois, 2, 1.0, 0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sizes.largest <= 1000
    assert peak < 1e6
    assert float(np.abs(np.asarray(getattr(got, "data", got))).max()) < 1e-6, "nearly all points lie outside"


def test_room_for_aligned_pooling_is_its_results():
    features, rois = torch.ones(1, 64, 20, 20), torch.tensor([[0.0, 1, 1, 18, 19]]).repeat(50, 1)
    with Sizes() as sizes:
        segmentation_pytorch.roi_align(features, rois, 7, 1.0)
    assert sizes.largest == 50 * 64 * 7 * 7


# refusals


def test_scores_that_are_none_are_refused_as_scores_and_not_as_shapes(side):
    module, array = side
    boxes = array(np.array([[0.0, 0, 2, 2]]))
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="nms: expected n finite scores, got NaN or infinity") as caught:
            module.nms(boxes, array(np.array([bad])), 0.5)
        assert "(1," not in str(caught.value)
    with pytest.raises(ValueError, match=r"boxes \(n, 4\) and scores \(n,\), got \(1, 4\) and \(2,\).*n is both"):
        module.nms(boxes, array(np.ones(2)), 0.5)


@pytest.mark.parametrize("name", ["felzenszwalb", "selective_search"])
def test_an_image_with_its_channels_last_is_refused_with_the_remedy(side, name):
    module, array = side
    with pytest.raises(ValueError, match=r"channels, height, width\), got \(24, 30, 3\); .*to the front"):
        getattr(module, name)(array(np.zeros((24, 30, 3))), 10, 1)
    getattr(module, name)(array(np.zeros((3, 24, 3))), 10, 1)  # three pixels wide: not the same thing
    getattr(module, name)(array(np.zeros((5, 6, 7))), 10, 1)  # any other number of channels stays an image


# once for both sides


def test_contracts_know_neither_side():
    imported = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(ast.parse(inspect.getsource(contract)))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported <= {"mylib.shared", "math", "numbers"}


@pytest.mark.parametrize("method", [m.name for m in syllabus.topic("detection").methods if m.twins])
def test_help_says_on_both_sides_what_the_twin_says(method):
    assert_same_help(getattr(scratch, method), getattr(pytorch, method))

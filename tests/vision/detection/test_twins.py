"""The two sides of detection: boxes, targets, detectors, and PyTorch's training step on its device."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mylib import data, engine
from mylib.vision.detection import pytorch, scratch
from tests.twins import TOLERANCE, assert_close, assert_same_function, share_random_weights
from tests.vision.detection.cases import random_boxes, random_proposals, random_rois, scenes


def test_twin_boxes():
    rng = np.random.default_rng(11)
    a, b = random_boxes(rng, 2, 6), random_boxes(rng, 2, 6)
    for dtype in TOLERANCE:
        one, other = a.astype(dtype), b.astype(dtype)
        for name, arguments in {"box_area": (one,), "iou": (one, other), "encode_boxes": (one, other),
                                "decode_boxes": (0.1 * one, other)}.items():  # fmt: skip
            got = getattr(scratch, name)(*arguments)
            assert got.dtype == dtype, name
            assert_close(got, getattr(pytorch, name)(*map(torch.tensor, arguments)), dtype, name)
    np.testing.assert_allclose(scratch.anchors(3, 4, 8, [8, 16], [0.5, 2]), pytorch.anchors(3, 4, 8, [8, 16], [0.5, 2]))


@given(seed=st.integers(0, 1000), force=st.booleans())
def test_twin_targets(seed, force):
    rng = np.random.default_rng(seed)
    boxes, truth, labels = random_boxes(rng, 2, 12), random_boxes(rng, 2, 3), rng.integers(-1, 4, (2, 3))
    ours = scratch.assign_targets(boxes, truth, labels, 0.4, 0.2, force)
    theirs = pytorch.assign_targets(*map(torch.tensor, (boxes, truth, labels)), 0.4, 0.2, force)
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("size", [1, 2, (3, 2)])
def test_twin_pooling(size):
    rng = np.random.default_rng(12)
    rois = random_rois(rng, 5, 2, 28)
    for features in (
        rng.normal(size=(2, 3, 7, 6)),
        rng.integers(0, 3, (2, 3, 7, 6)).astype(float),
    ):  # the second has ties
        assert_same_function(
            lambda x: scratch.roi_pool(x, rois, size, 0.25),
            lambda x: pytorch.roi_pool(x, torch.tensor(rois).to(x.dtype), size, 0.25),
            features,
        )


def test_twin_proposals():
    image = data.photograph("astronaut", height=60, width=50)
    for name, options in (("felzenszwalb", (80, 8)), ("selective_search", (80, 8))):
        got = getattr(scratch, name)(image, *options)
        np.testing.assert_array_equal(got, getattr(pytorch, name)(torch.tensor(image), *options), err_msg=name)


@pytest.mark.parametrize("name", ["RCNN", "FastRCNN", "FasterRCNN"])
def test_twin_detectors_have_the_same_losses_gradients_and_weights_after_training_steps(name):
    images, truth, labels = scenes(3)
    extra = () if name == "FasterRCNN" else (random_proposals(images, 6),)
    for dtype in TOLERANCE:
        ours, theirs = getattr(scratch, name)(10, 4), getattr(pytorch, name)(10, 4)
        if dtype is np.float64:
            ours.double(), theirs.double()
        share_random_weights(ours, theirs, dtype)
        batch = [v.astype(dtype) if v.dtype.kind == "f" else v for v in (images, truth, labels, *extra)]
        optimizers = engine.optim.SGD(ours.parameters(), 0.01), torch.optim.SGD(theirs.parameters(), 0.01)
        for _ in range(3):
            losses = ours.loss(*batch), theirs.loss(*map(torch.tensor, batch))
            assert_close(losses[0].numpy(), losses[1].detach().numpy(), dtype, "loss")
            for optimizer, loss in zip(optimizers, losses, strict=True):
                optimizer.zero_grad()
                loss.backward()
            for key, parameter in ours.named_parameters():
                assert_close(parameter.grad, dict(theirs.named_parameters())[key].grad, dtype, f"gradient of {key}")
            for optimizer in optimizers:
                optimizer.step()
        for key, value in ours.state_dict().items():
            assert_close(value, theirs.state_dict()[key].numpy(), dtype, f"{key} after 3 steps")


@pytest.mark.parametrize("name", ["RCNN", "FastRCNN", "FasterRCNN"])
def test_twin_detections(name):
    images = scenes(2)[0].astype(np.float64)
    ours, theirs = getattr(scratch, name)(4, 4).double(), getattr(pytorch, name)(4, 4).double()
    share_random_weights(ours, theirs, np.float64)
    ours.eval(), theirs.eval()
    extra = () if name == "FasterRCNN" else (random_proposals(images, 6).astype(float),)
    for got, expected in zip(
        ours.detect(images, *extra),
        theirs.detect(torch.tensor(images), *map(torch.tensor, extra)),
        strict=True,
    ):
        assert len(got[0]), "random weights score every class above 0.05"
        for a, b in zip(got, expected, strict=True):
            assert_close(a, b, np.float64, "detections")


@pytest.mark.parametrize("name", ["RCNN", "FastRCNN", "FasterRCNN"])
def test_a_training_step_asks_the_device_for_no_value(name):
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    model = getattr(pytorch, name)(10, 4).to("meta")
    images, truth = torch.empty(2, 3, 64, 64, device="meta"), torch.empty(2, 4, 4, device="meta")
    labels = torch.empty(2, 4, dtype=torch.long, device="meta")
    extra = () if name == "FasterRCNN" else (torch.empty(2, 6, 4, device="meta"),)
    loss = model.loss(images, truth, labels, *extra)
    loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    with pytest.raises(RuntimeError, match="cannot be called on meta tensors"):
        loss.item()


@pytest.mark.parametrize("name", ["RCNN", "FastRCNN", "FasterRCNN"])
def test_a_training_step_in_bfloat16_is_near_the_one_in_float32(name):
    images, truth, labels = scenes(3)
    extra = () if name == "FasterRCNN" else (random_proposals(images, 6),)
    torch.manual_seed(0)
    model = getattr(pytorch, name)(10, 4)
    batch = [torch.tensor(value) for value in (images, truth, labels, *extra)]
    expected = model.loss(*batch).item()
    with torch.autocast("cpu", torch.bfloat16):
        loss = model.loss(*batch)
    loss.backward()
    # bfloat16 has three digits, and other proposals may come through suppression.
    assert loss.item() == pytest.approx(expected, rel=0.15)


def test_room_for_the_largest_bin_follows_from_the_map_where_boxes_are_not_looked_at():
    # 7 rows in 4 bins: the second has rows 1 to 3, one more than 7 / 4 rounded up. A compiled call may not look.
    features = torch.arange(42.0).reshape(1, 1, 7, 6)
    rois = torch.cat(
        [
            torch.tensor([[0.0, 0, 0, 6, 7]]),
            torch.tensor(random_rois(np.random.default_rng(15), 9, 1, 6)).float(),
        ]
    )
    compiled = torch.compile(pytorch.roi_pool, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(features, rois, 4, 1.0), pytorch.roi_pool(features, rois, 4, 1.0))


@pytest.mark.parametrize("name", ["RCNN", "FastRCNN", "FasterRCNN"])
def test_a_training_step_compiles_as_one_graph(name):
    images, truth, labels = scenes(2)
    extra = () if name == "FasterRCNN" else (random_proposals(images, 6),)
    model = getattr(pytorch, name)(10, 4)
    if name == "FasterRCNN":
        model.rpn.count = 4  # fewer rounds of suppression to trace
    batch = [torch.tensor(value) for value in (images, truth, labels, *extra)]
    compiled = torch.compile(model.loss, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(*batch), model.loss(*batch))


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["RCNN", "FastRCNN", "FasterRCNN"])
def test_a_training_step_never_waits_for_the_gpu_and_gives_the_cpus_loss(name):
    images, truth, labels = scenes(3)
    extra = () if name == "FasterRCNN" else (random_proposals(images, 6),)
    model = getattr(pytorch, name)(10, 4).double()
    batch = [
        torch.tensor(v).double() if v.dtype.kind == "f" else torch.tensor(v) for v in (images, truth, labels, *extra)
    ]
    expected = model.loss(*batch).item()
    model, batch = model.cuda(), [v.cuda() for v in batch]
    model.loss(*batch).backward()  # kernels are loaded on first use
    torch.cuda.set_sync_debug_mode("error")
    try:
        loss = model.loss(*batch)
        loss.backward()
        with torch.autocast("cuda", torch.bfloat16):
            model.loss(*batch).backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert loss.item() == pytest.approx(expected, rel=1e-9)

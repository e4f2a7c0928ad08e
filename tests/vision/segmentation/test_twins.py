"""The two sides of segmentation: functions, networks, and PyTorch's training step on its device."""

import numpy as np
import pytest
import torch

from mylib import syllabus
from mylib.vision.segmentation import pytorch, scratch
from tests.twins import (
    TOLERANCE,
    assert_close,
    assert_same_function,
    assert_same_help,
    assert_same_module,
    share_random_weights,
)
from tests.vision.segmentation.cases import random_rois, scenes


def test_twin_functions():
    rng = np.random.default_rng(9)
    x, weight, bias = rng.normal(size=(2, 4, 5, 4)), rng.normal(size=(4, 3, 3, 3)), rng.normal(size=6)
    for options in ((1, 0, 0, 1, 2), (2, 1, 1, 1, 2), (3, 0, (1, 2), 2, 2)):
        assert_same_function(scratch.conv_transpose2d, pytorch.conv_transpose2d, x, weight, bias, constants=options)
    for factor in (2, 3):
        assert_same_function(scratch.upsample_bilinear, pytorch.upsample_bilinear, x, constants=(factor,))
    labels, values = rng.integers(-1, 4, (2, 5, 4)), np.where(rng.random(x.shape) < 0.2, np.nan, x + 1)
    assert_same_function(
        lambda a: scratch.pixel_loss(a, labels), lambda a: pytorch.pixel_loss(a, torch.tensor(labels)), x
    )
    assert_same_function(
        lambda a: scratch.pixel_loss(a, values, "squared"),
        lambda a: pytorch.pixel_loss(a, torch.tensor(values), "squared"),
        x,
    )
    np.testing.assert_allclose(scratch.bilinear_kernel(2, 5), pytorch.bilinear_kernel(2, 5), rtol=1e-6)


@pytest.mark.parametrize("ratio", [0, 1, 3])
def test_twin_aligned_pooling(ratio):
    rng = np.random.default_rng(10)
    features, rois = rng.normal(size=(2, 3, 7, 6)), random_rois(rng, 6, 2, 28)
    assert_same_function(
        lambda x: scratch.roi_align(x, rois, (2, 3), 0.25, ratio),
        lambda x: pytorch.roi_align(x, torch.tensor(rois).to(x.dtype), (2, 3), 0.25, ratio),
        features,
    )


@pytest.mark.parametrize("skips", [32, 16, 8])
def test_twin_networks(skips):
    x = np.random.default_rng(11).normal(size=(2, 3, 64, 64))
    assert_same_module(lambda: scratch.FCN(3, skips, 4), lambda: pytorch.FCN(3, skips, 4), x)


def test_twin_mask_heads():
    x = np.random.default_rng(12).normal(size=(3, 4, 5, 5))
    assert_same_module(lambda: scratch.MaskHead(4, 3), lambda: pytorch.MaskHead(4, 3), x)


@pytest.mark.parametrize("align", [True, False])
def test_twin_mask_rcnns_have_the_same_losses_gradients_and_detections(align):
    images, truth, labels, masks = scenes(2)
    for dtype in TOLERANCE:
        ours, theirs = scratch.MaskRCNN(10, 4, align=align), pytorch.MaskRCNN(10, 4, align=align)
        if dtype is np.float64:
            ours.double(), theirs.double()
        share_random_weights(ours, theirs, dtype)
        batch = images.astype(dtype), truth.astype(dtype), labels, masks
        got, expected = ours.loss(*batch), theirs.loss(*map(torch.tensor, batch))
        assert_close(got.numpy(), expected.detach(), dtype, "loss")
        got.backward()
        expected.backward()
        for name, parameter in ours.named_parameters():
            assert_close(parameter.grad, dict(theirs.named_parameters())[name].grad, dtype, f"gradient of {name}")
        if dtype is np.float64:
            ours.eval(), theirs.eval()
            for one, other in zip(ours.detect(batch[0]), theirs.detect(torch.tensor(batch[0])), strict=True):
                assert len(one[0])
                for a, b in zip(one, other, strict=True):
                    assert_close(a, b, dtype, "detections")


@pytest.mark.parametrize("align", [True, False])
def test_a_training_step_asks_the_device_for_no_value(align):
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    model = pytorch.MaskRCNN(10, 4, align=align).to("meta")
    images, truth = torch.empty(2, 3, 64, 64, device="meta"), torch.empty(2, 4, 4, device="meta")
    labels = torch.empty(2, 4, dtype=torch.long, device="meta")
    loss = model.loss(images, truth, labels, torch.empty(2, 4, 64, 64, dtype=torch.bool, device="meta"))
    loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    network = pytorch.FCN(1, 8, 4).to("meta")
    pytorch.pixel_loss(network(images), torch.empty(2, 1, 64, 64, device="meta"), "squared").backward()
    rois = torch.empty(5, 5, device="meta")
    assert pytorch.roi_align(images, rois, 2, 0.25, sampling_ratio=0).shape == (5, 3, 2, 2)


def test_as_many_points_as_cells_need_no_look_at_the_boxes():
    # A compiled call may not look either: like a GPU's, it makes room for boxes as large as the map.
    rng = np.random.default_rng(13)
    features, rois = torch.tensor(rng.normal(size=(2, 3, 7, 6))), random_rois(rng, 6, 2, 24)
    arguments = features, torch.tensor(rois.clip(0, 24)), (2, 3), 0.25, 0
    compiled = torch.compile(pytorch.roi_align, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(*arguments), pytorch.roi_align(*arguments))


def test_a_training_step_compiles_as_one_graph():
    batch = [torch.tensor(value) for value in scenes(2)]
    model = pytorch.MaskRCNN(10, 4, count=4)
    compiled = torch.compile(model.loss, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(*batch), model.loss(*batch))


@pytest.mark.parametrize("method", [m.name for m in syllabus.topic("segmentation").methods if m.twins])
def test_help_says_on_both_sides_what_the_twin_says(method):
    assert_same_help(getattr(scratch, method), getattr(pytorch, method))


@pytest.mark.gpu
def test_a_training_step_never_waits_for_the_gpu_and_gives_the_cpus_loss():
    images, truth, labels, masks = (torch.tensor(value) for value in scenes(3))
    model = pytorch.MaskRCNN(10, 4).double()
    expected = model.loss(images.double(), truth.double(), labels, masks).item()
    model = model.cuda()
    batch = images.double().cuda(), truth.double().cuda(), labels.cuda(), masks.cuda()
    model.loss(*batch).backward()  # kernels are loaded on first use
    torch.cuda.set_sync_debug_mode("error")
    try:
        loss = model.loss(*batch)
        loss.backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert loss.item() == pytest.approx(expected, rel=1e-9)

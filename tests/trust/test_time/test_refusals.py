"""What test_time refuses, and with which words."""

import copy

import numpy as np
import pytest
import torch

from tests.trust.test_time.cases import SIDES, images, network, prepared


def test_a_model_without_batch_norm(side):
    nn = side.nn
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.LayerNorm(4))
    said = r"configure_model: expected a model with batch normalisation, got Sequential with Conv2d, LayerNorm, ReLU"
    with pytest.raises(ValueError, match=said):
        side.functions.configure_model(model)
    assert all(parameter.requires_grad for parameter in model.parameters())  # and nothing was frozen
    with pytest.raises(ValueError, match="collect_params: .*got 0 such layers without"):
        side.functions.collect_params(model)


def test_norms_without_scale_and_shift(side):
    model = side.nn.Sequential(side.nn.BatchNorm2d(2, affine=False), side.nn.BatchNorm2d(2, affine=False))
    with pytest.raises(
        ValueError, match="at least one .* with scale and shift, got 2 such layers without; affine=False"
    ):
        side.functions.collect_params(model)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"steps": 0}, ValueError, "Tent: expected steps of at least 1, got 0; with 0 nothing would adapt"),
        ({"steps": -1}, ValueError, "got -1"),
        ({"steps": 1.5}, ValueError, "Tent: expected steps to be a whole number, got 1.5"),
        ({"steps": True}, ValueError, "whole number, got True"),
        ({"steps": float("nan")}, ValueError, "got nan"),
        ({"episodic": "yes"}, TypeError, "Tent: expected episodic of True or False, got 'yes'"),
        ({"episodic": 1}, TypeError, "got 1"),
    ],
)
def test_options(side, options, error, said):
    with pytest.raises(error, match=said):
        prepared(side, **options)


def test_a_model_that_was_not_prepared(side):
    model = network(side.nn)
    optimizer = side.sgd(side.functions.collect_params(model)[0], 0.1)
    said = r"uses the batch's statistics, got 2 of 2 layers with running ones; call configure_model\(model\) first"
    with pytest.raises(ValueError, match=said):
        side.functions.Tent(model, optimizer)
    bare = side.nn.Sequential(side.nn.Linear(2, 2))
    with pytest.raises(ValueError, match="got one without normalisation; call configure_model"):
        side.functions.Tent(bare, side.sgd(list(bare.parameters()), 0.1))


def test_an_optimizer_of_another_model(side):
    model, optimizer, _ = prepared(side)
    with pytest.raises(ValueError, match=r"of this model's parameters, got 4 of 4 that are not; copy the model first"):
        side.functions.Tent(copy.deepcopy(model), optimizer)


@pytest.mark.parametrize("shape", [(0, 2, 6, 6), ()])
def test_an_empty_batch(side, shape):
    _, _, tent = prepared(side)
    with pytest.raises(ValueError, match=r"Tent: expected a batch of at least one image, got shape \("):
        tent(side.make(np.zeros(shape)))


def test_one_image_with_maps_of_one_position(side):
    _, _, tent = prepared(
        side, make=lambda nn: nn.Sequential(nn.Conv2d(2, 4, 6), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 3))
    )
    said = r"at least two values for each channel, got one image of shape \(1, 2, 6, 6\) and maps of one position"
    with pytest.raises(ValueError, match=said):
        tent(side.make(images(0, count=1)))
    assert tent(side.make(images(0, count=2))).shape == (2, 3)


def test_other_errors_of_the_model_come_through(side):
    _, _, tent = prepared(side)
    with pytest.raises((ValueError, RuntimeError)) as caught:
        tent(side.make(np.zeros((1, 3, 6, 6))))
    assert "maps of one position" not in str(caught.value)


def test_a_loss_that_is_no_scalar(side):
    _, _, tent = prepared(side, loss=lambda logits: logits.sum(1))
    with pytest.raises(ValueError, match=r"loss\(logits\) to be a scalar, got shape \(8,\); take the mean"):
        tent(side.make(images(0)))


def test_logits_that_are_no_rows(side):
    with pytest.raises(ValueError, match="entropy: expected logits"):
        side.functions.entropy(side.make(np.zeros(3)))


def test_a_refused_call_leaves_the_gradient_switch_as_it_was():
    side = SIDES["pytorch"]
    _, _, tent = prepared(side, loss=lambda logits: logits)
    with torch.no_grad():
        with pytest.raises(ValueError, match="scalar"):
            tent(side.make(images(0)))
        assert not torch.is_grad_enabled()
    ours = SIDES["scratch"]
    _, _, tent = prepared(ours, loss=lambda logits: logits)
    with ours.no_grad():
        with pytest.raises(ValueError, match="scalar"):
            tent(ours.make(images(0)))
        leaf = ours.make(np.ones(2))
        leaf.requires_grad = True
        assert not (leaf * 2).requires_grad

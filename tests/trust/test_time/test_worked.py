"""test_time against numbers of the slides and of a calculation by hand."""

import numpy as np
import pytest
import torch

from mylib.trust.test_time import pytorch, scratch
from mylib.vision.convnets import pytorch as convnets_pytorch
from mylib.vision.convnets import scratch as convnets_scratch
from tests.trust.test_time.cases import network, randomise, state, values


def test_entropy_and_its_gradient_by_hand(side):
    # p = (3/4, 1/4): H = 3/4 log(4/3) + 1/4 log 4, and dH/dz_k = -p_k (log p_k + H).
    logits = side.make([[np.log(3.0), 0.0]])
    logits.requires_grad = True
    entropy = side.functions.entropy(logits)
    expected = 0.75 * np.log(4 / 3) + 0.25 * np.log(4)
    assert expected == pytest.approx(0.5623351446)
    np.testing.assert_allclose(values(entropy), [expected], rtol=1e-12)
    entropy.sum().backward()
    by_hand = [-0.75 * (np.log(0.75) + expected), -0.25 * (np.log(0.25) + expected)]
    np.testing.assert_allclose(np.asarray(logits.grad)[0], by_hand, rtol=1e-12)


@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_equal_logits_have_the_most_entropy_and_no_gradient(side, classes):
    logits = side.make(np.full((3, classes), 7.0))
    logits.requires_grad = True
    entropy = side.functions.entropy(logits)
    np.testing.assert_allclose(values(entropy), np.log(classes), rtol=1e-12)
    entropy.sum().backward()
    np.testing.assert_allclose(np.asarray(logits.grad), 0, atol=1e-14)  # a stationary point: TENT stays there


def test_one_call_by_hand(side):
    # Two images, two channels of one pixel: (1, 5) and (3, 1) standardise to (-1, 1) and (1, -1). Each answer is
    # softmax(1, -1) up to order: p = 1 / (1 + e^-2). The winner's logit has dH/dz = -2 p (1 - p), the loser's the
    # reverse, so that dL/dgamma = -2 p (1 - p) in both channels and dL/dbeta = 0.
    nn = side.nn
    model = nn.Sequential(nn.BatchNorm2d(2, eps=1e-15), nn.Flatten()).double()
    side.functions.configure_model(model)
    parameters, names = side.functions.collect_params(model)
    tent = side.functions.Tent(model, side.sgd(parameters, 1.0))
    x = side.make(np.array([[1.0, 5.0], [3.0, 1.0]]).reshape(2, 2, 1, 1))
    np.testing.assert_allclose(values(tent(x)), [[-1, 1], [1, -1]], rtol=1e-12)
    p = 1 / (1 + np.exp(-2))
    gamma = 1 + 2 * p * (1 - p)
    assert gamma == pytest.approx(1.2099871708)
    assert names == ["0.weight", "0.bias"]
    np.testing.assert_allclose(values(parameters[0]), [gamma, gamma], rtol=1e-10)
    np.testing.assert_allclose(values(parameters[1]), [0, 0], atol=1e-12)
    # The second answer has the new scale, and only the third sees what the second step did.
    np.testing.assert_allclose(values(tent(x)), [[-gamma, gamma], [gamma, -gamma]], rtol=1e-10)


def test_with_two_steps_the_answer_is_from_before_the_last(side):
    nn = side.nn
    model = nn.Sequential(nn.BatchNorm2d(2, eps=1e-15), nn.Flatten()).double()
    side.functions.configure_model(model)
    tent = side.functions.Tent(model, side.sgd(side.functions.collect_params(model)[0], 1.0), steps=2)
    x = side.make(np.array([[1.0, 5.0], [3.0, 1.0]]).reshape(2, 2, 1, 1))
    p = 1 / (1 + np.exp(-2))
    np.testing.assert_allclose(values(tent(x))[1, 0], 1 + 2 * p * (1 - p), rtol=1e-10)


@pytest.mark.parametrize(("depth", "ours", "all_of_them"), [(18, 9_600, 11_689_512), (50, 53_120, 25_557_032)])
def test_under_one_percent_of_a_resnet_moves(depth, ours, all_of_them):
    with torch.device("meta"):
        model = pytorch.configure_model(convnets_pytorch.ResNet(depth))
    parameters, _ = pytorch.collect_params(model)
    assert sum(parameter.numel() for parameter in parameters) == ours
    assert sum(parameter.numel() for parameter in model.parameters()) == all_of_them
    assert ours / all_of_them < 0.01
    assert {parameter for parameter in model.parameters() if parameter.requires_grad} == set(parameters)


def test_under_one_percent_of_a_small_network_moves(side):
    nn, layers = side.nn, []
    for one, two in ((3, 16), (16, 32), (32, 64), (64, 64)):
        layers += [nn.Conv2d(one, two, 3, padding=1, bias=False), nn.BatchNorm2d(two), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64, 10))
    moves = sum(int(np.prod(one.shape)) for one in side.functions.collect_params(model)[0])
    assert (moves, sum(int(np.prod(one.shape)) for one in model.parameters())) == (352, 61_338)


def test_names_of_a_resnet_are_those_of_its_layers():
    ours, theirs = (convnets_scratch.ResNet(20, classes=10), convnets_pytorch.ResNet(20, classes=10))
    names = scratch.collect_params(ours)[1]
    assert names == pytorch.collect_params(theirs)[1]
    assert names[:2] == ["stem.bn.weight", "stem.bn.bias"]
    assert len(names) == len(set(names)) == 2 * 21  # a norm for each of 19 convolutions and 2 projections
    found = dict(ours.named_parameters())
    assert all(found[name] is one for name, one in zip(names, scratch.collect_params(ours)[0], strict=True))


def test_only_scale_and_shift_learn_and_all_but_norms_evaluate(side):
    model = network(side.nn)
    randomise(model)
    before = state(model)
    assert side.functions.configure_model(model) is model
    learns = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert learns == {"1.weight", "1.bias", "5.weight", "5.bias"} == set(side.functions.collect_params(model)[1])
    assert not any(module.training for module in model.modules() if not isinstance(module, side.nn.BatchNorm2d))
    norms = [module for module in model.modules() if isinstance(module, side.nn.BatchNorm2d)]
    assert all(norm.running_mean is None for norm in norms)
    for name, value in state(model).items():  # preparing moves nothing
        np.testing.assert_array_equal(value, before[name])

"""The two sides of recurrent: cells, layers, captions, truncated steps, and the GPU."""

import numpy as np
import pytest
import torch

from mylib import engine, syllabus
from mylib.vision.recurrent import pytorch, scratch
from tests.twins import assert_close, assert_same_function, assert_same_help, assert_same_module, share_random_weights
from tests.vision.recurrent.cases import RNG


class First:
    """A module that returns a pair, as one that returns its outputs."""

    def __init__(self, make):
        self.make = make

    def __call__(self):
        model = self.make()
        forward = model.forward
        model.forward = lambda *inputs: forward(*inputs)[0]
        return model


@pytest.mark.parametrize("kind", ["RNNCell", "RNN", "LSTMCell", "LSTM"])
def test_twins_agree(kind):
    makes = [lambda module=module: getattr(module, kind)(3, 4) for module in (scratch, pytorch)]
    if kind != "RNNCell":
        makes = [First(make) for make in makes]
    x = RNG(13).normal(size=(2, 3) if kind.endswith("Cell") else (2, 6, 3))
    assert_same_module(*makes, x)


def test_caption_net_twins_agree():
    images, words = RNG(14).uniform(size=(2, 3, 16, 16)), RNG(15).integers(0, 7, size=(2, 4))
    # Without dropout, whose masks differ; batch normalisation is part of it.
    options = {"size": 16, "hidden": 6, "dropout": 0.0}
    makes = [lambda module=module: module.CaptionNet(7, **options) for module in (scratch, pytorch)]
    assert_same_module(*makes, images, words)


def test_caption_twins_say_the_same_and_what_teacher_forcing_scores_highest():
    ours, theirs = (module.CaptionNet(9, size=16, hidden=6).eval() for module in (scratch, pytorch))
    share_random_weights(ours, theirs, np.float32, seed=3)
    images = RNG(16).uniform(size=(3, 3, 16, 16)).astype(np.float32)
    for start in (0, 4):
        said = ours.caption(images, 5, start)
        np.testing.assert_array_equal(said, theirs.caption(torch.tensor(images), 5, start).numpy())
        fed = np.concatenate([np.full((3, 1), start), said[:, :-1]], axis=1)
        np.testing.assert_array_equal(ours(images, fed).numpy().argmax(axis=2), said)


def test_gradient_norms_of_the_twins_agree():
    x = RNG(17).normal(size=(3, 8, 2))
    for kind in ("RNN", "LSTM"):
        ours, theirs = getattr(scratch, kind)(2, 5).double(), getattr(pytorch, kind)(2, 5).double()
        share_random_weights(ours, theirs, np.float64)
        got = scratch.gradient_norms_through_time(ours, engine.Tensor(x))
        expected = pytorch.gradient_norms_through_time(theirs, torch.tensor(x))
        assert_close(got, expected.numpy(), np.float64, kind)


def test_truncated_twins_take_the_same_steps():
    rng = RNG(18)
    x, labels = rng.normal(size=(2, 10, 3)).astype(np.float32), rng.integers(0, 4, size=(2, 10))
    ours, theirs = scratch.LSTM(3, 5), pytorch.LSTM(3, 5)
    our_head, their_head = engine.nn.Linear(5, 4), torch.nn.Linear(5, 4)
    share_random_weights(ours, theirs, np.float32)
    share_random_weights(our_head, their_head, np.float32)
    ours_said = scratch.truncated_bptt(
        ours, our_head, engine.Tensor(x), labels, engine.cross_entropy,
        engine.optim.SGD([*ours.parameters(), *our_head.parameters()], 0.3), window=4,
    )  # fmt: skip
    theirs_said = pytorch.truncated_bptt(
        theirs, their_head, torch.tensor(x), torch.tensor(labels), torch.nn.functional.cross_entropy,
        torch.optim.SGD([*theirs.parameters(), *their_head.parameters()], 0.3), window=4,
    )  # fmt: skip
    assert_close(ours_said, theirs_said.numpy(), np.float32, "losses")
    for name, value in ours.state_dict().items():
        assert_close(value, theirs.state_dict()[name].numpy(), np.float32, name)


def test_the_recurrence_agrees_with_plain_functions_of_the_twins():
    # The cell as a function of everything, so that the gradient of the memory is compared too.
    shapes = [(2, 3), (2, 4), (2, 4), (16, 3), (16, 4), (16,), (16,)]
    inputs = [RNG(k).normal(size=shape) / 2 for k, shape in enumerate(shapes)]

    def through(module):
        def run(x, m, c, *weights):
            cell = module.LSTMCell(3, 4)
            for name, weight in zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), weights, strict=True):
                cell._parameters[name] = weight
            m, c = cell(x, (m, c))
            return m * 2 + c

        return run

    assert_same_function(through(scratch), through(pytorch), *inputs)


@pytest.mark.parametrize("method", [m.name for m in syllabus.topic("recurrent").methods if m.twins])
def test_help_says_on_both_sides_what_the_twin_says(method):
    assert_same_help(getattr(scratch, method), getattr(pytorch, method))


@pytest.mark.gpu
def test_lstm_on_the_gpu_equals_the_engine():
    ours, theirs = scratch.LSTM(3, 8), pytorch.LSTM(3, 8)
    share_random_weights(ours, theirs, np.float32)
    x = RNG(19).normal(size=(4, 9, 3)).astype(np.float32)
    got, _ = theirs.cuda()(torch.tensor(x, device="cuda"))
    # cuDNN may multiply in TF32: ten bits of mantissa.
    np.testing.assert_allclose(got.detach().cpu().numpy(), ours(engine.Tensor(x))[0].numpy(), atol=2e-3)

"""Sequences, states, windows, sizes and sentences that recurrent refuses."""

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.vision.recurrent import captions, scratch


def test_sequences_of_length_zero_are_refused(side):
    module, tensor = side
    empty = tensor(np.zeros((2, 0, 3), np.float32))
    for model in (module.RNN(3, 4), module.LSTM(3, 4)):
        with pytest.raises(ValueError, match=r"time of at least 1, got \(2, 0, 3\)"):
            model(empty)
        with pytest.raises(ValueError, match="at least"):
            module.gradient_norms_through_time(model, empty)


def test_integers_and_states_that_are_no_pair_are_refused(side):
    module, tensor = side
    x = tensor(np.zeros((2, 5, 3), np.float32))
    for model in (module.RNN(3, 4), module.LSTM(3, 4)):
        with pytest.raises(TypeError, match="got .*int64 values, expected floating point; convert"):
            model(tensor(np.zeros((2, 5, 3), int)))
    for state in (tensor(np.zeros((2, 4), np.float32)), (None,), ()):
        with pytest.raises(TypeError, match=r"LSTM: expected a state \(m, c\)"):
            module.LSTM(3, 4)(x, state)


@pytest.mark.parametrize("kind", ["RNNCell", "RNN", "LSTMCell", "LSTM"])
def test_wrong_shapes_are_named(side, kind):
    module, tensor = side
    model = getattr(module, kind)(3, 4)
    good = (2, 3) if kind.endswith("Cell") else (2, 5, 3)
    with pytest.raises(ValueError, match=rf"{kind}: expected x \(batch, .*3\).*, got"):
        model(tensor(np.zeros((*good[:-1], 2), np.float32)))
    with pytest.raises(ValueError, match=rf"{kind}: expected x \(batch, .*3\).*, got"):
        model(tensor(np.zeros((1, *good), np.float32)))
    wrong = tensor(np.zeros((2, 5), np.float32))
    with pytest.raises(ValueError, match=f"{kind}: expected a state of shape"):
        model(tensor(np.zeros(good, np.float32)), (wrong, wrong) if "LSTM" in kind else wrong)
    with pytest.raises(ValueError, match=f"{kind}: expected input_size and hidden_size of at least 1, got 0 and 4"):
        getattr(module, kind)(0, 4)


def test_other_models_have_no_memory_to_look_at(side):
    module, tensor = side
    library = engine if module is scratch else torch
    other = library.nn.Linear(3, 4)
    other.input_size = 3
    with pytest.raises(TypeError, match="expected an RNN or an LSTM, got Linear"):
        module.gradient_norms_through_time(other, tensor(np.zeros((1, 2, 3), np.float32)))


@pytest.mark.parametrize(("window", "time", "steps"), [(0, 5, 5), (2, 5, 4), (2, 0, 0)])
def test_truncation_refuses_windows_and_targets_that_do_not_fit(side, window, time, steps):
    module, tensor = side
    x = tensor(np.zeros((1, time, 2), np.float32))
    targets = np.zeros((1, steps), int) if module is scratch else torch.zeros(1, steps, dtype=torch.long)
    with pytest.raises(ValueError, match="truncated_bptt: expected at least one step, a window"):
        module.truncated_bptt(module.RNN(2, 3), None, x, targets, None, None, window)


def test_caption_net_refuses_sizes_that_do_not_fit(side):
    module, tensor = side
    with pytest.raises(ValueError, match="CaptionNet: expected words"):
        module.CaptionNet(5, size=20)
    with pytest.raises(
        ValueError, match=r"CaptionNet: expected images \(batch, 3, 16, 16\), got \(1, 3, 24, 24\); resize"
    ):
        module.CaptionNet(5, size=16)(tensor(np.zeros((1, 3, 24, 24), np.float32)), np.zeros((1, 2), int))
    net, images = module.CaptionNet(5, size=16, hidden=4), np.zeros((2, 3, 16, 16), np.float32)
    for words in (np.zeros((3, 2), int), np.zeros(2, int)):
        with pytest.raises(ValueError, match=r"words of shape \(2, time\), one row for each picture"):
            net(tensor(images), words if module is scratch else torch.tensor(words))
    with pytest.raises(ValueError, match="CaptionNet: expected length of at least 1, got 0"):
        net.caption(images if module is scratch else torch.tensor(images), 0)


@pytest.mark.parametrize("sentence", ["a three beside a four", "a one left of a two left of a three"])
def test_sentences_with_other_words_are_refused(sentence):
    with pytest.raises(ValueError, match="encode: expected"):
        captions.encode(sentence)


def test_scenes_of_three_digits_have_no_sentence():
    with pytest.raises(ValueError, match="describe: expected two digits"):
        captions.describe(np.zeros((3, 4)), [1, 2, 3])

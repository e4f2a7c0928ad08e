"""Attention, masks, positions, losses and error rates by hand, BLEU and model sizes from the papers."""

import math

import numpy as np
import pytest
import torch

from mylib.attention.transformer import pytorch, scratch, sizes
from tests.attention.transformer.cases import on
from tests.twins import array


def test_attention_is_the_slides_equation(side):
    # d = 4; scores 2 and 0 become 1 and 0, weights e / (1 + e) and 1 / (1 + e).
    module, tensor = side
    q, k, v = np.array([[2.0, 0, 0, 0]]), np.array([[1.0, 0, 0, 0], [0, 1, 0, 0]]), np.array([[10.0], [20.0]])
    weight = math.e / (1 + math.e)
    got = array(module.attention_weights(tensor(q), tensor(k)))
    np.testing.assert_allclose(got, [[weight, 1 - weight]], rtol=1e-12)
    got = array(module.scaled_dot_product_attention(tensor(q), tensor(k), tensor(v)))
    np.testing.assert_allclose(got, [[10 * weight + 20 * (1 - weight)]], rtol=1e-12)


def test_masks_by_hand(side):
    module, _ = side
    assert array(module.causal_mask(3)).tolist() == [[True, False, False], [True, True, False], [True] * 3]
    got = array(module.padding_mask(on(module, np.array([[7, 0, 2], [5, 5, 0]]))))
    assert got.shape == (2, 1, 1, 3)
    assert got[:, 0, 0].tolist() == [[True, False, True], [True, True, False]]
    assert array(module.padding_mask(on(module, np.array([[7, 0]])), padding=7))[0, 0, 0].tolist() == [
        False,
        True,
    ]


def test_positions_by_hand(side):
    module, _ = side
    got = array(module.sinusoidal_positions(101, 4))
    np.testing.assert_allclose(got[0], [0, 1, 0, 1], atol=1e-7)
    # Pairs turn by 1 and by 1/100 radian a position.
    np.testing.assert_allclose(got[3], [np.sin(3), np.cos(3), np.sin(0.03), np.cos(0.03)], rtol=1e-6)
    np.testing.assert_allclose(got[100, 2:], [np.sin(1), np.cos(1)], rtol=1e-6)
    assert got.dtype == np.float32


def test_feed_forward_by_hand(side):
    module, tensor = side
    layer = module.FeedForward(1, 2).double()
    values = {
        "inner.weight": [[1.0], [-1.0]],
        "inner.bias": [0.5, 0.5],
        "outer.weight": [[2.0, 3.0]],
        "outer.bias": [1.0],
    }
    layer.load_state_dict({name: torch.tensor(value, dtype=torch.float64) for name, value in values.items()})
    # x = 2: max(0, 2.5) 2 + max(0, -1.5) 3 + 1;  x = -1: 0 + 1.5 * 3 + 1
    np.testing.assert_allclose(array(layer(tensor(np.array([[2.0], [-1.0]])))), [[6.0], [5.5]], rtol=1e-12)


def test_label_smoothing_by_hand(side):
    # Probabilities (0.7, 0.2, 0.1), target 1, e = 0.3: q = (0.1, 0.8, 0.1). A second token is padding.
    module, tensor = side
    scores = np.log(np.array([[[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]]))
    expected = -(0.1 * np.log(0.7) + 0.8 * np.log(0.2) + 0.1 * np.log(0.1))
    got = module.label_smoothing_loss(tensor(scores), on(module, np.array([[1, 0]])), smoothing=0.3)
    assert got.item() == pytest.approx(expected, rel=1e-9)
    plain = module.label_smoothing_loss(tensor(scores), on(module, np.array([[2, 1]])), smoothing=0)
    assert plain.item() == pytest.approx(-np.log(0.1) / 2 - np.log(0.1) / 2, rel=1e-9)
    other = module.label_smoothing_loss(tensor(scores), on(module, np.array([[2, 0]])), smoothing=0, padding=2)
    assert other.item() == pytest.approx(-np.log(0.1), rel=1e-9)


def test_warmup_rises_in_a_line_and_falls_like_a_root(side):
    module, _ = side
    # The paper's base model: the peak at step 4,000 is 512^-0.5 4000^-0.5.
    assert module.warmup_schedule(4000, 512, 4000) == pytest.approx(6.9877e-4, rel=1e-4)
    assert module.warmup_schedule(1000, 512, 4000) == pytest.approx(6.9877e-4 / 4, rel=1e-4)
    assert module.warmup_schedule(16000, 512, 4000) == pytest.approx(6.9877e-4 / 2, rel=1e-4)


def in_words(sentence):
    return sentence.split()


def test_bleu_of_the_papers_examples():
    # Papineni et al. (2002), section 2.1: modified precisions 2/7, 17/18 and 10/17.
    candidate1 = in_words(
        "it is a guide to action which ensures that the military always obeys the commands of the party"
    )
    references = [
        in_words("it is a guide to action that ensures that the military will forever heed party commands"),
        in_words(
            "it is the guiding principle which guarantees the military forces always being under the command "
            "of the party"
        ),
        in_words("it is the practical guide for the army always to heed the directions of the party"),
    ]
    the_cat = in_words("the cat is on the mat")
    assert pytorch.bleu([["the"] * 7], [[the_cat]], order=1) == pytest.approx(2 / 7)
    # 18 words against references of 16, 18 and 16: no penalty.
    assert pytorch.bleu([candidate1], [references], order=1) == pytest.approx(17 / 18)
    assert pytorch.bleu([candidate1], [references], order=2) == pytest.approx(math.sqrt(17 / 18 * 10 / 17))
    # Its trigrams and 4-grams, counted by hand: 7 of 16 and 4 of 15.
    expected = (17 / 18 * 10 / 17 * 7 / 16 * 4 / 15) ** 0.25
    assert pytorch.bleu([candidate1], [references]) == pytest.approx(expected)


def test_bleu_adds_counts_over_the_corpus_and_takes_the_reference_nearest_in_length():
    # Unigrams 2 + 1 of 3 + 1. Lengths: 4, against 2 (as near as 4: the shorter) and 1.
    got = scratch.bleu([list("abz"), list("c")], [[list("ab"), list("abcd")], [list("c")]], order=1)
    assert got == pytest.approx(3 / 4)
    # Lengths 4 against 4 + 3: a penalty of e^(1 - 7/4).
    got = scratch.bleu([list("abz"), list("c")], [[list("abcd")], [list("cde")]], order=1)
    assert got == pytest.approx(math.exp(1 - 7 / 4) * 3 / 4)
    # The nearest to 4 is 5, though there is a shorter one, and a longer one.
    got = scratch.bleu([list("abcd")], [[list("a"), list("abcde"), list("abcdefg")]], order=1)
    assert got == pytest.approx(math.exp(1 - 5 / 4))


def test_bleu_of_a_copy_is_one_and_of_nothing_zero():
    sentence = list("abcde")
    assert scratch.bleu([sentence, sentence[::-1]], [[sentence], [sentence[::-1]]]) == 1
    assert scratch.bleu([[]], [[sentence]]) == 0
    assert scratch.bleu([list("abc")], [[list("abc")]]) == 0, "no 4-gram at all"
    assert scratch.bleu([list("edcba")], [[sentence]], order=2) == 0
    twice = scratch.bleu([list("aa")], [[list("ab"), list("ac")]], order=1)
    assert twice == pytest.approx(1 / 2), "as often as in one reference, not in all together"
    long = scratch.bleu([sentence + sentence], [[sentence]], order=1)
    assert long == pytest.approx(1 / 2), "no bonus, and no penalty, for being long"


def test_phoneme_error_rate_takes_the_reference_with_the_fewest_errors():
    got = scratch.phoneme_error_rate([list("abc"), list("x")], [[list("zzzz"), list("abd")], [list("xy")]])
    assert got == pytest.approx((1 + 1) / (3 + 2))
    # Of two with one error each the longer counts.
    assert scratch.phoneme_error_rate([list("ab")], [[list("a"), list("abc")]]) == pytest.approx(1 / 3)


@pytest.mark.parametrize(("preset", "exact", "printed"), [("base", 63_045_632, 65), ("big", 214_171_648, 213)])
def test_parameters_of_the_papers_models(preset, exact, printed):
    # Counted by hand from section 3: base has 18,944,000 in its table, 3,150,336 and 4,199,936 a layer.
    with torch.device("meta"):
        model = pytorch.Transformer(sizes.VOCABULARY, sizes.VOCABULARY, **sizes.PRESETS[preset], share=True)
    counted = sum(parameter.numel() for parameter in model.parameters())
    assert counted == exact
    assert sizes.parameter_count(sizes.VOCABULARY, sizes.VOCABULARY, **sizes.PRESETS[preset], share=True) == exact
    # The paper's numbers are rounded, and fit no one vocabulary.
    assert counted / 1e6 == pytest.approx(printed, rel=0.04)

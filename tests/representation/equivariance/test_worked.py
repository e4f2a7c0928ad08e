"""Numbers by hand: the paper's counts of parameters, two parts that route, margins, shifts, votes of a nose."""

import numpy as np
import pytest
import torch

from mylib.representation.equivariance import pytorch
from tests.representation.equivariance.cases import pose, values


def counted(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_network_of_the_paper_has_its_parameters():
    with torch.device("meta"):
        net = pytorch.CapsNet()
    parts = [counted(part) for part in (net.convolution, net.primary, net.digit, net.decoder)]
    assert parts == [20_992, 5_308_672, 1_474_560, 1_411_344]
    assert counted(net) == 8_215_568  # the paper: 8.2 M
    assert counted(net) - parts[3] == 6_804_224  # 6.8 M without the decoder
    assert net.digit.weight.shape == (1152, 10, 16, 8)


@pytest.mark.parametrize(
    ("iterations", "share", "length"), [(1, 0.5, 0.5), (2, 0.622459, 0.607816), (3, 0.751722, 0.693284)]
)
def test_two_parts_that_agree_on_one_whole_only(side, iterations, share, length):
    module, array = side
    votes = array(np.array([[[[1.0, 0], [0, 1]], [[1, 0], [0, -1]]]]))
    capsules, couplings = map(values, module.dynamic_routing(votes, iterations))
    np.testing.assert_allclose(couplings, np.full((1, 2, 2), [share, 1 - share]), atol=5e-7)  # six printed digits
    np.testing.assert_allclose(capsules, [[[length, 0], [0, 0]]], atol=5e-7)


@pytest.mark.parametrize(
    ("s", "v"), [([3.0, 4.0], [15 / 26, 20 / 26]), ([1.0, 0.0], [0.5, 0.0]), ([0.0, 0.1], [0.0, 0.01 / 1.01])]
)
def test_squash_by_hand(side, s, v):
    module, array = side
    np.testing.assert_allclose(values(module.squash(array(np.array(s)))), v, rtol=1e-12)


def test_length_of_a_three_four_five_triangle(side):
    module, array = side
    got = module.capsule_lengths(array(np.array([[[0.3, 0.4], [0.0, 0.0]]])))
    np.testing.assert_allclose(values(got), [[0.5, 0.0]], rtol=1e-12)


def test_margin_loss_by_hand(side):
    module, array = side
    lengths = array(np.array([[0.7, 0.3, 0.05], [0.95, 0.5, 0.1]]))
    # (0.9 - 0.7)^2 + 0.5 (0.3 - 0.1)^2 = 0.06, and 0.9^2 .. (0.9 - 0.1)^2 + 0.5 (0.85^2 + 0.4^2) = 1.08125
    assert module.margin_loss(lengths, array(np.array([0, 2]))).item() == pytest.approx((0.06 + 1.08125) / 2)
    both = array(np.array([[1, 1, 0], [1, 0, 0]]))  # two digits in one image
    expected = ((0.2**2 + 0.6**2) + 0.5 * 0.4**2) / 2
    assert module.margin_loss(lengths, both).item() == pytest.approx(expected)
    # Other margins: 0.1^2 + 2 * 0.1^2 and 0.7^2 + 2 * (0.75^2 + 0.3^2)
    other = module.margin_loss(lengths, array(np.array([0, 2])), m_plus=0.8, m_minus=0.2, weight=2)
    assert other.item() == pytest.approx((0.01 + 0.02 + 0.49 + 2 * (0.5625 + 0.09)) / 2)


def test_reconstruction_loss_sums_pixels_and_averages_images(side):
    module, array = side
    images = np.zeros((2, 1, 28, 28))
    got = module.reconstruction_loss(array(images + 0.5), array(images)).item()
    assert got == pytest.approx(0.392 * 0.25)  # 0.392 times the mean square


@pytest.mark.parametrize(
    ("rows", "columns", "wrap", "expected"),
    [
        (1, 0, False, [[0, 0, 0], [1, 2, 3]]),
        (-1, 0, False, [[4, 5, 6], [0, 0, 0]]),
        (0, 2, False, [[0, 0, 1], [0, 0, 4]]),
        (0, -1, True, [[2, 3, 1], [5, 6, 4]]),
        (5, 0, False, [[0, 0, 0], [0, 0, 0]]),
        (0, -3, False, [[0, 0, 0], [0, 0, 0]]),
        (3, 4, True, [[6, 4, 5], [3, 1, 2]]),
    ],
)
def test_shifts_of_two_rows(side, rows, columns, wrap, expected):
    module, array = side
    got = values(module.translate(array(np.array([[1, 2, 3], [4, 5, 6]])), rows, columns, wrap))
    assert got.tolist() == expected
    assert got.dtype == np.int64


def test_error_of_a_row_that_moves(side):
    module, array = side
    x = array(np.array([[3.0, 4.0, 0.0]]))

    def right(images):
        return module.translate(images, 0, 1)

    # f(T x) = (0, 3, 4) against f(x) = (3, 4, 0): differences -3, -1, 4; f(x) has length 5.
    assert module.equivariance_error(lambda a: a, x, right) == pytest.approx(26**0.5 / 5)
    assert module.equivariance_error(lambda a: a, x, right, right) == 0


def test_a_nose_votes_for_the_face_that_it_sits_in(side):
    module, array = side
    nose = np.array([[1.0, 0, 0], [0, 1, 2], [0, 0, 1]])  # two units below the middle
    seen = np.array([[0.0, -1, 5], [1, 0, 7], [0, 0, 1]])  # the face is turned by 90 degrees: the nose lies at its left
    got = values(module.pose_votes(array(seen[None, None]), array(nose[None])))[0, 0]
    np.testing.assert_allclose(got, pose(np.pi / 2, 1, 7, 7), atol=1e-12)


def test_disagreement_of_two_votes_by_hand(side):
    module, array = side
    votes = np.stack([[np.eye(3), np.eye(3)], [np.eye(3), np.eye(3) * 3]])
    got = values(module.vote_disagreement(array(votes)))
    np.testing.assert_allclose(got, [0, 3])  # each of three diagonal entries is 1 away from its mean

"""local_learning against numbers of a calculation by hand."""

import numpy as np
import pytest
import torch

from tests.representation.local_learning.cases import tracked
from tests.twins import array


def test_a_score_is_a_product_with_the_predicted_vector(side):
    module, make = side
    w = [[1.0, 2.0, 0.0], [0.0, -1.0, 3.0]]  # W c = (1 + 4, -2 + 9) for c = (1, 2, 3)
    got = module.prediction_score(make([[1.0, 2.0], [3.0, 0.0]]), make([[1.0, 2.0, 3.0], [1.0, 0.0, 0.0]]), make(w))
    np.testing.assert_allclose(array(got), [5 + 14, 3])


@pytest.mark.parametrize(
    ("u", "y", "loss", "slope"),
    [(2.0, 1, 0.0, 0.0), (0.0, 1, 1.0, -1.0), (0.0, -1, 1.0, 1.0), (-0.5, 1, 1.5, -1.0), (-3.0, -1, 0.0, 0.0)],
)
def test_a_sure_and_right_guess_costs_nothing(side, u, y, loss, slope):
    module, make = side
    score = tracked(module, np.array([u]))
    got = module.hinge_loss(score, make([y]))
    got.backward()
    assert (got.item(), float(array(score.grad)[0])) == (loss, slope)


def test_the_hinge_is_flat_at_its_kink(side):
    module, make = side
    score = tracked(module, np.array([1.0, -1.0]))
    module.hinge_loss(score, make([1, -1])).backward()
    assert array(score.grad).tolist() == [0.0, 0.0]


def test_the_hinge_is_averaged_after_the_maximum(side):
    module, make = side
    assert module.hinge_loss(make([5.0, 0.0]), make([1, 1])).item() == 0.5  # of the mean score, 2.5, it would be 0


def test_equal_scores_cost_the_logarithm_of_the_candidates(side):
    module, make = side
    z = np.ones((2, 3))
    for count in (1, 4, 63):
        loss = module.cpc_loss(make(z), make(z * 2), make(np.eye(3)), make(np.ones((2, count, 3))))
        assert loss.item() == pytest.approx(np.log(1 + count), rel=1e-12)


def test_every_row_has_negatives_of_its_own(side):
    module, make = side
    z, c = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 2.0]])
    negatives = np.array([[[0.0, 5.0]], [[0.0, 1.0]]])  # scores 1 against 0, and 2 against 2
    loss = module.cpc_loss(make(z), make(c), make(np.eye(2)), make(negatives))
    assert loss.item() == pytest.approx((np.log1p(np.exp(-1)) + np.log(2)) / 2, rel=1e-12)


def update_by_hand(module, make, y, w_pred, w_retro, x=((1.0, 2.0),), before=((3.0, 0.0),)):
    weight, bias = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]), np.zeros(3)
    x, before = np.array([x]), np.array([before])
    return module.clapp_update(*map(make, (x, before, weight, bias, w_pred, w_retro, np.array([y]))))


def test_a_change_is_the_product_of_its_factors(side):
    """z = (1, 2, 0), c = (3, 0, 0); W^pred c = (.3, .6, .9), u = 1.5 - 0; W^retro z = (-1, 0, 2), u' = -3."""
    module, make = side
    w_pred = np.array([[0.1, 0, 0], [0.2, 0, 0], [0.3, 0, 0]])
    w_retro = np.array([[-1.0, 0, 0], [0, 0, 0], [0, 1.0, 0]])
    saccade = update_by_hand(module, make, -1.0, w_pred, w_retro)
    # gamma = -1 (1 + 1.5 > 0), gamma' = 0 (1 - 3 < 0): only the present glimpse learns; the third cell was silent
    np.testing.assert_allclose(array(saccade.weight), [[-0.3, -0.6], [-0.6, -1.2], [0, 0]])
    np.testing.assert_allclose(array(saccade.bias), [-0.3, -0.6, 0])
    np.testing.assert_allclose(array(saccade.w_pred), [[-3.0, 0, 0], [-6.0, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(array(saccade.w_retro), 0)
    fixation = update_by_hand(module, make, 1.0, w_pred, w_retro)
    # gamma = 0 (1 - 1.5 < 0), gamma' = 1 (1 + 3 > 0): only the earlier glimpse learns
    np.testing.assert_allclose(array(fixation.weight), [[-3.0, 0], [0, 0], [0, 0]])
    np.testing.assert_allclose(array(fixation.bias), [-1.0, 0, 0])
    np.testing.assert_array_equal(array(fixation.w_pred), 0)
    np.testing.assert_allclose(array(fixation.w_retro), [[3.0, 6.0, 0], [0, 0, 0], [0, 0, 0]])


def test_a_layer_that_is_sure_does_not_change(side):
    module, make = side
    sure = np.array([[2.0, 0, 0], [0, 0, 0], [0, 0, 0]])  # u = 1 * 2 * 3 = 6 both ways
    for change in update_by_hand(module, make, 1.0, sure, sure):
        np.testing.assert_array_equal(array(change), 0)


def test_positions_share_the_weights_and_are_averaged(side):
    """Positions (1, 2) and (-1, 4): cell 1 fires at the first only, cell 2 at both, cell 3 at the second."""
    module, make = side
    w_pred, w_retro = np.full((3, 3), 0.1), np.zeros((3, 3))
    change = update_by_hand(module, make, -1.0, w_pred, w_retro, x=((1.0, 2.0), (-1.0, 4.0)), before=((3.0, 0.0),) * 2)
    expected = -0.3 * np.array([[0.5, 1.0], [0.0, 3.0], [-0.5, 2.0]])  # gamma W^pred c = -.3 for every cell
    np.testing.assert_allclose(array(change.weight), expected, atol=1e-15)
    np.testing.assert_allclose(array(change.bias), [-0.15, -0.3, -0.15])


def test_a_neuron_at_exactly_zero_does_not_learn(side):
    module, make = side
    change = update_by_hand(module, make, -1.0, np.ones((3, 3)), np.zeros((3, 3)), x=((0.0, 2.0),))
    np.testing.assert_array_equal(array(change.weight)[[0, 2]], 0)
    assert array(change.bias).tolist() == [0.0, -3.0, 0.0]


def test_cells_of_unequal_size_overlap_as_in_adaptive_pooling(side):
    """A map of 3 columns in 2 cells: columns 0 and 1, columns 1 and 2."""
    module, make = side
    net = module.ClappNet(1, (1,), (1,), (1,))
    kernel = np.zeros((1, 1, 3, 3), np.float32)
    kernel[0, 0, 1, 1] = 1
    state = {name: np.asarray(value) for name, value in net.state_dict().items()}
    state |= {"layers.0.convolution.weight": kernel, "layers.0.convolution.bias": np.zeros(1, np.float32)}
    net.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    image = np.array([[[[1.0, 2.0, 4.0]] * 3]], np.float32)
    np.testing.assert_allclose(array(net.encode(make(image), 1, grid=2)), [[1.5, 3.0, 1.5, 3.0]])
    np.testing.assert_allclose(array(net.encode(make(image), 1)), [[7 / 3]], rtol=1e-6)

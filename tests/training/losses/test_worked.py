"""Losses of numbers on the slide and by hand: weights, focal loss, steps of centres, Gaussians, crops and margins."""

import numpy as np
import pytest

from tests.training.losses.cases import gradient, number, set_centers, tracked, values


@pytest.mark.parametrize(
    ("p", "cross_entropy", "focal"), [(0.9, 0.1054, 0.00105), (0.5, 0.6931, 0.1733), (0.1, 2.3026, 1.8651)]
)
def test_focal_loss_of_three_probabilities(side, p, cross_entropy, focal):
    module, array = side
    logits, label = array(np.log([[1 - p, p]])), array([1])
    assert number(module.cross_entropy(logits, label)) == pytest.approx(cross_entropy, abs=5e-5)
    assert number(module.focal_loss(logits, label)) == pytest.approx(focal, rel=5e-3)  # three digits
    assert number(module.focal_loss(logits, label)) == pytest.approx((1 - p) ** 2 * -np.log(p), rel=1e-9)


def test_weights_of_rare_classes_by_hand(side):
    module, array = side
    # 6 labels, 3 classes: 6 / (3 * 3), 6 / (3 * 2), 6 / (3 * 1).
    labels = array([0, 2, 0, 1, 0, 1])
    np.testing.assert_allclose(values(module.class_weights(labels, 3)), [2 / 3, 1, 2], rtol=1e-12)


def test_balanced_cross_entropy_divides_by_the_batch_and_by_nothing_else(side):
    module, array = side
    logits, labels, alpha = array(np.zeros((3, 2))), array([0, 1, 1]), array([1.0, 4.0])
    # -log 1/2 three times, weights 1, 4 and 4: the sum of the weights, 9, divides nothing.
    for reduction, expected in (("mean", 3 * np.log(2)), ("sum", 9 * np.log(2))):
        got = number(module.balanced_cross_entropy(logits, labels, alpha, reduction))
        assert got == pytest.approx(expected, rel=1e-12)
    each = values(module.balanced_cross_entropy(logits, labels, alpha, "none"))
    np.testing.assert_allclose(each, np.log(2) * np.array([1, 4, 4]), rtol=1e-12)


def test_gradient_of_the_focal_loss_by_hand(side):
    """alpha [gamma p (1 - p)^(gamma-1) log p - (1 - p)^gamma] (1[k = y] - p_k), at p = (1/2, 1/4, 1/4), gamma 1."""
    module, array = side
    z = tracked(module, np.log([[0.5, 0.25, 0.25]]))
    module.focal_loss(z, array([1]), gamma=1.0, alpha=array([1.0, 3.0, 1.0])).backward()
    factor = 3 * (0.25 * np.log(0.25) - 0.75)
    np.testing.assert_allclose(gradient(z), [[-0.5 * factor, 0.75 * factor, -0.25 * factor]], rtol=1e-9)


def test_center_loss_is_half_a_sum_of_squares(side):
    module, array = side
    loss = set_centers(module.CenterLoss(2, 2), [[1.0, 0.0], [0.0, -1.0]])
    x, labels = tracked(module, [[1.0, 2.0], [3.0, -1.0], [1.0, 0.0]]), array([0, 1, 0])
    total = loss(x, labels)
    assert number(total) == pytest.approx((4 + 9 + 0) / 2)
    total.backward()
    np.testing.assert_allclose(gradient(x), [[0, 2], [3, 0], [0, 0]], atol=1e-12)
    mean = set_centers(module.CenterLoss(2, 2, reduction="mean"), [[1.0, 0.0], [0.0, -1.0]])
    assert number(mean(x, labels)) == pytest.approx(13 / 6)


def test_a_centre_goes_half_way_to_one_sample_and_two_thirds_to_two(side):
    module, array = side
    loss = set_centers(module.CenterLoss(3, 1, alpha=1.0), [[0.0], [0.0], [7.0]])
    loss.update(array(np.array([[6.0], [3.0], [9.0]])), array([0, 1, 1]))
    # One sample: 6 / 2. Two: (3 + 9) / 3. None: 7 stays.
    np.testing.assert_allclose(values(loss.centers), [[3], [4], [7]], rtol=1e-12)


def test_alpha_shortens_the_step(side):
    module, array = side
    loss = set_centers(module.CenterLoss(1, 2, alpha=0.5), [[2.0, 0.0]])
    loss.update(array(np.array([[0.0, 4.0]])), array([0]))
    np.testing.assert_allclose(values(loss.centers), [[1.5, 1.0]], rtol=1e-12)


def test_pairs_of_two_centres(side):
    module, _ = side
    for centers, expected in (
        ([[2.0, 0.0], [-5.0, 0.0]], 0),
        ([[2.0, 0.0], [1.0, 0.0]], 4),
        ([[1.0, 0.0], [0.0, 9.0]], 2),
    ):
        assert number(set_centers(module.IslandLoss(2, 2), centers).pair_term()) == pytest.approx(expected, abs=1e-12)


def test_island_loss_adds_the_weighted_pairs_and_its_update_turns_centres_apart(side):
    module, array = side
    loss = set_centers(module.IslandLoss(2, 2, alpha=0.5, pair_weight=3.0), [[2.0, 0.0], [0.0, 1.0]])
    x, labels = array(np.array([[2.0, 2.0]])), array([0])
    assert number(loss(x, labels)) == pytest.approx(4 / 2 + 3 * 2)
    loss.update(x, labels)
    # Pull on centre 0: (c - x) / 2 = (0, -1). Push, cosine 0: 3 c_1 / (2 * 1) = (0, 1.5), and (3, 0) on centre 1.
    np.testing.assert_allclose(values(loss.centers), [[2, -0.25], [-1.5, 1]], rtol=1e-12)


def test_sparse_center_loss_by_hand(side):
    module, array = side
    loss = set_centers(module.SparseCenterLoss(2, 2, alpha=1.0), [[0.0, 0.0], [1.0, 1.0]])
    x, a = tracked(module, [[2.0, 4.0], [1.0, 3.0]]), tracked(module, [[1.0, 0.5], [0.25, 0.75]])
    labels = array([0, 1])
    total = loss(x, a, labels)
    # 1/(2 * 2) [(4 + 8) + (0 + 3)]
    assert number(total) == pytest.approx(15 / 4)
    total.backward()
    np.testing.assert_allclose(gradient(x), [[1, 1], [0, 0.75]], atol=1e-12)
    np.testing.assert_allclose(gradient(a), [[1, 4], [0, 1]], atol=1e-12)
    loss.update(x, a, labels)
    # A (x - c) / 2: (2, 2) / 2 and (0, 1.5) / 2.
    np.testing.assert_allclose(values(loss.centers), [[1, 1], [1, 1.75]], rtol=1e-12)


def test_divergence_of_gaussians_by_hand(side):
    module, array = side
    covariance = np.diag([4.0, 1.0])
    got = number(module.gaussian_kl(array(np.array([1.0, 0.0])), array(covariance), array(np.zeros(2)), 2.0))
    # 1/2 [log(2^2 / 4) - 2 + 5 / 2 + 1 / 2]
    assert got == pytest.approx(0.5, rel=1e-12)


def test_gccs_loss_of_one_class_by_hand(side):
    module, array = side
    loss = module.GCCSLoss(2, distance=3.0, variance=4.0, kurtosis_weight=0.5, covariance="diagonal").double()
    x = array(np.array([[1.0, 2.0], [3.0, 2.0], [2.0, 6.0], [2.0, 6.0]]))
    # Class 0: mean (2, 4), variances 1/2 and 4, kurtosis (1/2) / (1/4) = 2 and 1; the target is (3, 0) with variance 4.
    bracket = np.log(16 / 2) - 2 + 4.5 / 4 + (1 + 16) / 4
    assert number(loss(x, array([0, 0, 0, 0]))) == pytest.approx(bracket + 0.5 * (1 + 4), rel=1e-12)


def test_kurtosis_of_two_spikes_and_of_three(side):
    module, array = side
    got = values(module.kurtosis(array(np.array([[1.0, -1.0], [1.0, 0.0], [3.0, 0.0], [3.0, 1.0]]))))
    np.testing.assert_allclose(got, [1, 2], rtol=1e-12)  # variance 1/2, fourth power 1/2: 2


def test_region_crops_by_hand(side):
    """4 x 4: three quarters are rows 0 to 2. Row 1 of the result lies at 1.5 * 3 / 4 - 0.5 = 0.625 of the crop."""
    module, array = side
    image = np.add.outer(10.0 * np.arange(4), np.arange(4))[None, None]
    crops = values(module.region_crops(array(image)))
    assert crops.shape == (1, 6, 1, 4, 4)
    np.testing.assert_array_equal(crops[:, 0], image)
    at = np.array([0, 0.625, 1.375, 2])  # -0.125 and 2.125 are beyond the edge
    for region, (top, left) in {1: (0, 0), 2: (0, 1), 3: (1, 0)}.items():
        np.testing.assert_allclose(crops[0, region, 0], np.add.outer(10 * (top + at), left + at), rtol=1e-12)
    np.testing.assert_allclose(crops[0, 4, 0], image[0, 0], rtol=1e-12)  # 90 % of 4 is 4 whole pixels
    np.testing.assert_allclose(crops[0, 5, 0], np.add.outer(10 * at, at), rtol=1e-12)  # 85 % is 3, from (4 - 3) // 2


def test_places_of_the_crops_in_a_digit(side):
    module, array = side
    rows, columns = np.mgrid[:28.0, :28.0]
    image = np.stack([rows, columns])[None]
    crops = values(module.region_crops(array(image)))[0]
    got = [(crop.min(axis=(1, 2)), crop.max(axis=(1, 2))) for crop in crops]
    expected = [(0, 0, 27, 27), (0, 0, 20, 20), (0, 7, 20, 27), (7, 3, 27, 23), (1, 1, 25, 25), (2, 2, 25, 25)]
    for (low, high), (top, left, bottom, right) in zip(got, expected, strict=True):
        np.testing.assert_allclose([*low, *high], [top, left, bottom, right], rtol=1e-12)


def test_region_attention_by_hand(side):
    module, array = side
    layer = module.RegionAttention(1).double()
    state = {"q0": np.array([np.log(3.0)]), "q1": np.array([0.0, 0.0])}
    layer.load_state_dict({name: array(value) for name, value in state.items()})
    pooled, weights = layer(array(np.array([[[0.0], [1.0]]])))
    # mu: 1/2 and 3/4. F_m = 0.75 / 1.25 = 0.6; nu is 1/2 everywhere, so that the mean of F is 0.6 again.
    np.testing.assert_allclose(values(weights), [[0.5, 0.75]], rtol=1e-12)
    np.testing.assert_allclose(values(pooled), [[0.6, 0.6]], rtol=1e-12)


def test_relation_attention_weighs_regions_again(side):
    module, array = side
    layer = module.RegionAttention(1).double()
    layer.load_state_dict({"q0": array(np.array([0.0])), "q1": array(np.array([np.log(3.0), 0.0]))})
    pooled, _ = layer(array(np.array([[[0.0], [1.0]]])))
    # mu is 1/2 twice, F_m = 1/2; nu is 1/2 and 3/4: (3/4) / (5/4) = 0.6 of the second region.
    np.testing.assert_allclose(values(pooled), [[0.6, 0.5]], rtol=1e-12)


def test_region_biased_loss_by_hand(side):
    module, array = side
    crops = tracked(module, [[0.2, 0.6], [0.5, 0.1], [0.3, 0.4]])
    whole = tracked(module, [0.5, 0.5, 0.6])
    loss = module.region_biased_loss(crops, whole, margin=0.1)
    # 0.1 - 0.1, 0.1 - 0, 0.1 + 0.2: the first is met.
    assert number(loss) == pytest.approx((0.0 + 0.1 + 0.3) / 3, abs=1e-12)
    loss.backward()
    np.testing.assert_allclose(gradient(crops)[1:], [[-1 / 3, 0], [0, -1 / 3]], rtol=1e-12)
    np.testing.assert_allclose(gradient(whole)[1:], [1 / 3, 1 / 3], rtol=1e-12)
    assert number(module.region_biased_loss(array(np.array([[0.52]])), array(np.array([0.49])))) == 0

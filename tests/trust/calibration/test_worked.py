"""Calibration against numbers of the slides and of calculations by hand."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mylib import plots
from mylib.trust.calibration.drawing import confidence_histogram, reliability_diagram
from tests.trust.calibration.cases import FOUR, FOUR_LABELS, both_sides
from tests.twins import array


@both_sides
def test_the_slides_bin_has_a_gap_of_35_points(side):
    module, make = side
    confidence = make([0.82, 0.84, 0.86, 0.88])  # 80 to 90 %, half of them right
    bins = module.reliability_bins(confidence, make([1, 0, 1, 0]), bins=10)
    assert array(bins.count).tolist() == [0] * 8 + [4, 0]
    assert float(bins.accuracy[8]) == 0.5
    assert float(bins.confidence[8]) == pytest.approx(0.85, abs=1e-12)
    p = make(np.stack([array(confidence), 1 - array(confidence)], axis=1))
    got = module.expected_calibration_error(p, make([0, 1, 0, 1]), bins=10)
    assert float(got) == pytest.approx(0.35, abs=1e-12)


@both_sides
def test_four_answers_in_ten_bins(side):
    module, make = side
    given = make(FOUR), make(FOUR_LABELS), 10
    # (0.9, 1]: 0.05 / 4; (0.8, 0.9] holds 0.9 and 0.85: |0.5 - 0.875| 2 / 4; (0.5, 0.6]: 0.4 / 4
    assert float(module.expected_calibration_error(*given)) == pytest.approx(0.30, abs=1e-12)
    assert float(module.expected_calibration_error(*given, norm="max")) == pytest.approx(0.40, abs=1e-12)


@both_sides
def test_an_edge_belongs_to_the_bin_below_and_0_to_the_first(side):
    module, make = side
    confidence = make([0.0, 0.2, 0.20001, 0.4, 0.6, 0.8, 1.0])
    bins = module.reliability_bins(confidence, make([0, 1, 1, 1, 1, 0, 1]), bins=5)
    assert array(bins.count).tolist() == [2, 2, 1, 1, 1]
    np.testing.assert_array_equal(array(bins.edges), [0, 0.2, 0.4, 0.6, 0.8, 1])
    np.testing.assert_array_equal(array(bins.accuracy), [0.5, 1, 1, 0, 1])
    np.testing.assert_allclose(array(bins.confidence), [0.1, 0.300005, 0.6, 0.8, 1], rtol=1e-12)


@both_sides
def test_bins_of_equal_mass_by_hand(side):
    module, make = side
    confidence, correct = make([0.9, 0.3, 0.5, 0.7, 0.6]), make([True, False, False, True, True])
    bins = module.reliability_bins(confidence, correct, bins=2, scheme="mass")
    assert array(bins.count).tolist() == [3, 2]  # 0.3, 0.5, 0.6 and 0.7, 0.9: the first bin takes the one that is over
    np.testing.assert_allclose(array(bins.edges), [0, 0.65, 1], rtol=1e-12)
    np.testing.assert_allclose(array(bins.accuracy), [1 / 3, 1], rtol=1e-12)
    np.testing.assert_allclose(array(bins.confidence), [1.4 / 3, 0.8], rtol=1e-12)


@both_sides
def test_equal_confidences_share_their_rights(side):
    module, make = side
    bins = module.reliability_bins(make([0.5, 0.5, 0.5, 0.5]), make([1, 0, 0, 0]), bins=2, scheme="mass")
    np.testing.assert_array_equal(array(bins.accuracy), [0.25, 0.25])  # whatever their order


@both_sides
def test_an_empty_bin_has_no_accuracy_and_counts_nothing(side):
    module, make = side
    bins = module.reliability_bins(make([0.1, 0.9]), make([0, 1]), bins=3)
    assert array(bins.count).tolist() == [1, 0, 1]
    assert np.isnan([float(bins.accuracy[1]), float(bins.confidence[1])]).all()
    p = make([[0.9, 0.1], [0.45, 0.55]])
    for norm, expected in (("l1", (0.1 + 0.55) / 2), ("max", 0.55)):
        got = module.expected_calibration_error(p, make([0, 0]), 15, "width", norm)
        assert float(got) == pytest.approx(expected, abs=1e-12)


@both_sides
def test_of_two_largest_probabilities_the_first_is_the_answer(side):
    module, make = side
    got = [float(module.expected_calibration_error(make([[0.5, 0.5]]), make([label]))) for label in (0, 1)]
    assert got == [0.5, 0.5]
    p = make([[0.25, 0.25, 0.25, 0.25]])
    assert [float(module.expected_calibration_error(p, make([label]))) for label in (0, 1, 3)] == [0.75, 0.25, 0.25]


@both_sides
@pytest.mark.parametrize("size", [1e-4, 1.0, 1e4])
def test_two_classes_with_eight_of_ten_right(side, size):
    module, make = side
    logits, labels = make(np.tile([2.0 * size, 0], (10, 1))), make([0] * 8 + [1] * 2)
    scaling = module.TemperatureScaling()
    assert float(scaling.temperature) == 1
    assert scaling.fit(logits, labels) is scaling
    assert float(scaling.temperature) == pytest.approx(1.442695040888963 * size, rel=1e-12)  # 2 / log 4
    np.testing.assert_allclose(array(scaling(logits)), array(logits) / (2 * size / np.log(4)), rtol=1e-12)


@both_sides
def test_the_patients_of_the_slide(side):
    module, make = side
    loss = make([[0.0, 1.0], [4.0, 0.0]])  # treat, send home; cancer, normal
    posterior = make([[0.1, 0.9], [0.5, 0.5]])
    np.testing.assert_allclose(array(module.conditional_risk(posterior, loss)), [[0.9, 0.4], [0.5, 2.0]], rtol=1e-12)
    assert array(module.bayes_action(posterior, loss)).tolist() == [1, 0]


@both_sides
def test_normal_regardless_of_the_costs_holds_up_to_a_ratio_of_nine(side):
    module, make = side
    for ratio, believed, true in ((0.5, 1, 1), (1.5, 1, 0), (8.5, 1, 0), (9.5, 0, 0)):
        loss = make([[0.0, 1.0], [ratio, 0.0]])
        assert int(module.bayes_action(make([[0.1, 0.9]]), loss)[0]) == believed
        assert int(module.bayes_action(make([[0.5, 0.5]]), loss)[0]) == true


@both_sides
def test_of_equal_risks_the_first_action_and_more_actions_than_classes(side):
    module, make = side
    loss = make([[1.0, 1.0], [2.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    assert array(module.bayes_action(make([[0.5, 0.5], [0.25, 0.75], [0.75, 0.25]]), loss)).tolist() == [0, 1, 2]
    assert tuple(module.conditional_risk(make([0.5, 0.5]), loss).shape) == (4,)  # one patient
    assert int(module.bayes_action(make([0.5, 0.5]), loss)) == 0
    assert tuple(module.conditional_risk(make(np.zeros((0, 2))), loss).shape) == (0, 4)


@both_sides
def test_the_diagram_shows_accuracy_and_its_gap_up_to_the_confidence(side):
    module, make = side
    bins = module.reliability_bins(make([0.95, 0.9, 0.85, 0.6]), make([1, 0, 1, 1]), bins=10)
    fig, (above, below) = plots.figure(2, 1)
    assert reliability_diagram(above, bins) is above
    assert confidence_histogram(below, bins) is below
    plt.close(fig)
    bars, gaps = above.patches[:3], above.patches[3:]
    np.testing.assert_allclose([bar.get_x() for bar in (*bars, *gaps)], [0.5, 0.8, 0.9] * 2)
    np.testing.assert_allclose([bar.get_width() for bar in (*bars, *gaps)], 0.1)
    np.testing.assert_allclose([bar.get_height() for bar in bars], [1, 0.5, 1])
    np.testing.assert_allclose([gap.get_y() for gap in gaps], [1, 0.5, 1])
    np.testing.assert_allclose([gap.get_y() + gap.get_height() for gap in gaps], [0.6, 0.875, 0.95])
    assert all(gap.get_hatch() for gap in gaps)
    assert not any(bar.get_hatch() for bar in bars)
    heights = [bar.get_height() for bar in below.patches]
    np.testing.assert_allclose(heights, np.array([0, 0, 0, 0, 0, 1, 0, 0, 2, 1]) / 4)

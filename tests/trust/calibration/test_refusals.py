"""Shapes, types and numbers that calibration refuses, and with which words."""

import numpy as np
import pytest

from mylib.trust.calibration.contract import Bins
from mylib.trust.calibration.drawing import confidence_histogram, reliability_diagram
from tests.trust.calibration.cases import FOUR, FOUR_LABELS, both_sides

C, A = np.array([0.9, 0.6]), np.array([1, 0])
Z = np.array([[2.0, 0.0], [1.0, 0.0], [0.0, 3.0]])
LOSS = np.array([[0.0, 1.0], [4.0, 0.0]])


def bins(module, make, confidence=C, correct=A, **given):
    return module.reliability_bins(make(confidence), make(correct), **given)


def error(module, make, p=FOUR, labels=FOUR_LABELS, **given):
    return module.expected_calibration_error(make(p), make(labels), **given)


def fit(module, make, logits=Z, labels=(0, 1, 1)):
    return module.TemperatureScaling().fit(make(logits), make(np.asarray(labels)))


def off(p, by):
    p = p.copy()
    p[1, 0] += by
    return p


BAD_VALUES = {
    "more verdicts": (lambda m, a: bins(m, a, correct=np.ones(3)), r"correct \(n,\).*got \(2,\) and \(3,\)"),
    "nothing to count": (lambda m, a: bins(m, a, C[:0], A[:0]), "with n of at least 1"),
    "a column of confidences": (lambda m, a: bins(m, a, C[:, None]), r"got \(2, 1\)"),
    "per cent": (lambda m, a: bins(m, a, 100 * C), "confidence from 0 to 1, got 60.0 to 90.0; apply softmax"),
    "below 0": (lambda m, a: bins(m, a, C - 0.75), "confidence from 0 to 1, got -0.15"),
    "NaN": (lambda m, a: bins(m, a, np.array([0.5, np.nan])), "confidence from 0 to 1, got nan"),
    "verdicts of 2": (lambda m, a: bins(m, a, correct=np.array([1, 2])), r"correct of 0 \(wrong\) and 1 \(right\)"),
    "verdicts of one half": (lambda m, a: bins(m, a, correct=np.array([1, 0.5])), "got others; compare arg max"),
    "no bins": (lambda m, a: bins(m, a, bins=0), "reliability_bins: expected bins of at least 1, got 0; 15 is usual"),
    "an unknown scheme": (
        lambda m, a: bins(m, a, scheme="equal"),
        "scheme of 'width' or 'mass', got 'equal'",
    ),
    "more bins of equal mass than samples": (
        lambda m, a: bins(m, a, bins=3, scheme="mass"),
        "bins from 1 to 2, got 3; there are 2 samples to share out",
    ),
    "the same in the error": (
        lambda m, a: error(m, a, bins=5, scheme="mass"),
        "expected_calibration_error: expected bins from 1 to 4, got 5",
    ),
    "an unknown norm": (lambda m, a: error(m, a, norm="l2"), "norm of 'l1' or 'max', got 'l2'"),
    "an unknown scheme of the error": (lambda m, a: error(m, a, scheme="w"), "expected_calibration_error: .*got 'w'"),
    "fewer labels": (lambda m, a: error(m, a, labels=FOUR_LABELS[:3]), "n is both 4 and 3; one label for each row"),
    "one row of probabilities": (lambda m, a: error(m, a, p=FOUR[:, 0]), r"\(n, classes\)"),
    "no samples": (lambda m, a: error(m, a, FOUR[:0], FOUR_LABELS[:0]), "n and classes of at least 1"),
    "a label too large": (
        lambda m, a: error(m, a, labels=np.array([0, 0, 2, 1])),
        "labels from 0 to 1, got 0 to 2; there are 2 columns",
    ),
    "a negative label": (lambda m, a: error(m, a, labels=np.array([0, -1, 0, 1])), "got -1 to 1"),
    "logits": (lambda m, a: error(m, a, p=FOUR * 4 - 1), "probabilities of at least 0, got -0.8; apply softmax"),
    "a row off by 0.0002": (lambda m, a: error(m, a, p=off(FOUR, 2e-4)), "sum to 1 within 0.0001, got .* 0.0002 off"),
    "NaN among the probabilities": (lambda m, a: error(m, a, p=off(FOUR, np.nan)), "of at least 0, got nan"),
    "labels of another length": (lambda m, a: fit(m, a, labels=(0, 1)), "TemperatureScaling: .*n is both 3 and 2"),
    "a label without a column": (lambda m, a: fit(m, a, labels=(0, 2, 1)), "labels from 0 to 1, got 0 to 2"),
    "infinite logits": (lambda m, a: fit(m, a, np.where(Z == 2, np.inf, Z)), "finite logits, got inf"),
    "all right": (
        lambda m, a: fit(m, a, labels=(0, 0, 1)),
        "a wrong answer among the held-out samples, got none: the loss falls until T = 0",
    ),
    "all right, and some by a tie": (
        lambda m, a: fit(m, a, np.array([[1.0, 1.0], [0.0, 2.0]]), (1, 1)),
        "a wrong answer among the held-out samples, got none",
    ),
    "worse than guessing": (
        lambda m, a: fit(m, a, labels=(1, 1, 0)),
        "least for 1 / T <= 0: worse than guessing; look for labels in another order",
    ),
    "as good as guessing": (
        lambda m, a: fit(m, a, np.array([[1.0, 0.0], [1.0, 0.0]]), (0, 1)),
        "least for 1 / T <= 0",
    ),
    "no logits at all, but constants": (
        lambda m, a: fit(m, a, np.ones((2, 3)), (0, 1)),
        "wrong answer among the held-out samples",
    ),
    "losses of other classes": (
        lambda m, a: m.conditional_risk(a(C[None]), a(np.eye(3))),
        r"conditional_risk: expected posterior .* and loss \(actions, classes\).*classes is both 2 and 3",
    ),
    "losses in a row": (lambda m, a: m.bayes_action(a(FOUR), a(LOSS[0])), "bayes_action: .*what action i costs"),
    "no actions": (lambda m, a: m.bayes_action(a(FOUR), a(LOSS[:0])), "actions of at least 1"),
    "a posterior off by 0.5": (
        lambda m, a: m.bayes_action(a(C[None]), a(LOSS)),
        "bayes_action: expected posterior that sum to 1 within 0.0001, got a row that is 0.5 off",
    ),
    "a negative posterior": (
        lambda m, a: m.conditional_risk(a(np.array([[-0.5, 1.5]])), a(LOSS)),
        "posterior of at least 0, got -0.5",
    ),
    "a cost that nobody can pay": (
        lambda m, a: m.conditional_risk(a(FOUR), a(np.array([[0, 1], [np.inf, 0]]))),
        "finite loss, got inf or nan",
    ),
}  # fmt: skip

BAD_TYPES = {
    "labels with a fraction": (lambda m, a: error(m, a, labels=FOUR_LABELS * 1.0), "whole numbers, got .*float64"),
    "labels of truth values": (lambda m, a: error(m, a, labels=FOUR_LABELS == 0), "whole numbers, got .*bool"),
    "labels of the fit": (lambda m, a: fit(m, a, labels=(0.0, 1.0, 1.0)), "TemperatureScaling: expected labels"),
    "half a bin": (lambda m, a: bins(m, a, bins=2.5), "bins as a whole number, got 2.5; 15 is usual"),
    "edges for bins": (lambda m, a: bins(m, a, bins=[0, 0.5, 1]), r"bins as a whole number, got \[0, 0.5, 1\]"),
    "True bins": (lambda m, a: bins(m, a, bins=True), "bins as a whole number, got True"),
}  # fmt: skip


@both_sides
@pytest.mark.parametrize("case", BAD_VALUES)
def test_bad_values_are_refused(side, case):
    call, words = BAD_VALUES[case]
    with pytest.raises(ValueError, match=words):
        call(*side)


@both_sides
@pytest.mark.parametrize("case", BAD_TYPES)
def test_bad_types_are_refused(side, case):
    call, words = BAD_TYPES[case]
    with pytest.raises(TypeError, match=words):
        call(*side)


@both_sides
def test_a_refused_fit_leaves_the_temperature(side):
    module, make = side
    scaling = module.TemperatureScaling()
    with pytest.raises(ValueError, match="got none"):
        scaling.fit(make(Z), make(np.array([0, 0, 1])))
    assert float(scaling.temperature) == 1


@both_sides
def test_rounded_probabilities_pass(side):
    module, make = side
    assert 0 <= float(error(module, make, p=off(FOUR, 9e-5))) <= 1
    assert float(error(module, make, p=np.array([[1 + 9e-5, 0.0]]), labels=np.array([0]))) == 0


@pytest.mark.parametrize("draw", [reliability_diagram, confidence_histogram])
def test_empty_diagrams_are_refused(draw):
    nothing = Bins(np.array([0.0, 1.0]), np.array([0]), np.array([np.nan]), np.array([np.nan]))
    with pytest.raises(ValueError, match=f"{draw.__name__}: expected a bin that holds a sample, got empty ones only"):
        draw(None, nothing)

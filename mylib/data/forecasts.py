"""Forecasts and diagnoses: a forecaster who is right as often as it says, and real biopsies to decide on."""

from typing import NamedTuple

import numpy as np

from mylib.data.images import split

PARTS = {"train": 0.4, "held out": 0.2, "test": 0.4}  # shares of the biopsies


class Forecasts(NamedTuple):
    """What a forecaster said, and what came.

    Args:    probabilities: rows sum to 1. float64, shape (n, classes).
             labels: int64, shape (n,).
    """

    probabilities: np.ndarray
    labels: np.ndarray


def calibrated_forecasts(seed=0, count=1000, classes=10, sharpness=1.0, confidence=None):
    r"""A perfectly calibrated forecaster: first p is drawn, then the label from p.

    Equation: $p_n \sim \mathrm{Dirichlet}(1/\text{sharpness}, \dots)$, $y_n \sim p_n$. With `confidence` given, every
              p has this probability at one class, drawn evenly, and the same at each of the others.

    It imitates a network whose softmax can be taken at its word. It leaves out inputs: nobody could say more than p.

    Args:    seed: of everything that is drawn.
             count: number of forecasts, at least 1.
             classes: at least 2.
             sharpness: above 0; the larger, the surer: at 1 any p is as likely as any other.
             confidence: the largest probability of all forecasts, from 1 / classes to 1, or None.
    Returns: `Forecasts`.
    Raises:  ValueError: a number outside its range.

    Example:
        >>> forecasts = calibrated_forecasts(count=4, classes=3, confidence=0.8)
        >>> forecasts.probabilities.max(axis=1).tolist(), forecasts.labels.shape
        ([0.8, 0.8, 0.8, 0.8], (4,))

    Source:  this course.
    """
    if count < 1 or classes < 2 or not 0 < sharpness < np.inf:
        raise ValueError(
            "calibrated_forecasts: expected count of at least 1, classes of at least 2 and sharpness above 0, got "
            f"{count}, {classes} and {sharpness}"
        )
    if confidence is not None and not 1 / classes <= confidence <= 1:
        raise ValueError(
            f"calibrated_forecasts: expected confidence from 1 / {classes} to 1, got {confidence}; the largest of "
            f"{classes} probabilities is never less"
        )
    rng = np.random.default_rng(seed)
    if confidence is None:
        p = rng.dirichlet(np.full(classes, 1 / sharpness), count)
    else:
        p = np.full((count, classes), (1 - confidence) / (classes - 1))
        p[np.arange(count), rng.integers(0, classes, count)] = confidence
    below = p.cumsum(axis=1)[:, :-1] <= rng.random((count, 1))  # classes that the draw has passed
    return Forecasts(p, below.sum(axis=1))


class Biopsies(NamedTuple):
    """What was measured under the microscope, and what it was.

    Args:    measurements: mean 0 and deviation 1 over the training part. float32, shape (n, 30).
             diagnoses: 0 cancer, 1 normal. int64, shape (n,).
    """

    measurements: np.ndarray
    diagnoses: np.ndarray


def biopsies(seed=0, part="train"):
    """569 biopsies of breast lumps: shape and texture of the cell nuclei, and whether it was cancer.

    Thirty numbers each: mean, standard error and worst value of ten measures of the nuclei, such as radius, texture
    and concavity. 212 were cancer: more than among people who are examined. A part that is "held out" is for what is
    set after the training, such as a temperature, "test" for judging.

    Args:    seed: of the division, stratified: 40 % "train", 20 % "held out", 40 % "test".
             part: one of these.
    Returns: `Biopsies`.
    Raises:  ValueError: an unknown part.

    Example:
        >>> biopsies(part="test").measurements.shape
        (228, 30)

    Source:  Wolberg, Street, Mangasarian, "Breast Cancer Wisconsin (Diagnostic)" (UCI, 1995).
    """
    from sklearn.datasets import load_breast_cancer

    if part not in PARTS:
        raise ValueError(f"biopsies: expected part of {tuple(PARTS)}, got {part!r}")
    measurements, diagnoses = load_breast_cancer(return_X_y=True)
    diagnoses = diagnoses.astype(np.int64)
    rest, test = split(diagnoses, PARTS["test"], seed)
    train, held_out = split(diagnoses[rest], PARTS["held out"] / (1 - PARTS["test"]), seed)
    rows = {"train": rest[train], "held out": rest[held_out], "test": test}
    known = measurements[rows["train"]]
    standardised = (measurements[rows[part]] - known.mean(axis=0)) / known.std(axis=0)
    return Biopsies(standardised.astype(np.float32), diagnoses[rows[part]])

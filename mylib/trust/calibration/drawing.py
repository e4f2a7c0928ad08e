"""Reliability diagrams: what `reliability_bins` found, on axes that the caller made."""

import numpy as np

from mylib import plots


def reliability_diagram(axes, bins):
    r"""Accuracy of each bin as a bar, the gap to its mean confidence hatched, and the diagonal of perfect calibration.

    A hatched piece above a bar's top is confidence that the answers do not earn; one inside the bar is accuracy that
    the forecaster did not dare to promise. Empty bins are left out.

    Args:    axes: of matplotlib.
             bins: `Bins`, of arrays or of tensors on any device.
    Returns: the axes.
    Raises:  ValueError: no bin that holds a sample.
    Source:  DeGroot and Fienberg (1983); Guo et al. (2017), Figure 1; slide "Measure 2. Reliability Diagrams". Differs:
             none.

    Example:
        >>> from mylib.trust.calibration.scratch import reliability_bins
        >>> fig, axes = plots.figure(width=3)
        >>> reliability_diagram(axes, reliability_bins([0.9, 0.8, 0.6], [1, 0, 1], bins=5)).get_ylabel()
        'accuracy'
        >>> len(axes.patches)  # three filled bins: a bar and a gap each
        6
    """
    edges, count, accuracy, confidence = (np.array(part.tolist()) for part in bins)
    filled = count > 0
    if not filled.any():
        raise ValueError("reliability_diagram: expected a bin that holds a sample, got empty ones only; count first")
    left, width = edges[:-1][filled], np.diff(edges)[filled]
    accuracy, confidence = accuracy[filled], confidence[filled]
    axes.bar(left, accuracy, width, align="edge", color=plots.BLUE, edgecolor="white", label="accuracy")
    look = {"facecolor": "none", "edgecolor": plots.RED, "hatch": "////", "linewidth": 0.8}
    axes.bar(left, confidence - accuracy, width, bottom=accuracy, align="edge", label="gap to the confidence", **look)
    axes.plot([0, 1], [0, 1], "--", color="0.3", linewidth=1)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="accuracy")
    return axes


def confidence_histogram(axes, bins):
    r"""Share of the samples in each bin, to stand under a reliability diagram.

    Args:    axes: of matplotlib.
             bins: `Bins`, of arrays or of tensors on any device.
    Returns: the axes.
    Raises:  ValueError: no bin that holds a sample.
    Source:  Guo et al. (2017), Figure 1. Differs: none.

    Example:
        >>> from mylib.trust.calibration.scratch import reliability_bins
        >>> fig, axes = plots.figure(width=3)
        >>> bars = confidence_histogram(axes, reliability_bins([0.9, 0.8, 0.6], [1, 0, 1], bins=5)).patches
        >>> [round(float(bar.get_height()), 2) for bar in bars]
        [0.0, 0.0, 0.33, 0.33, 0.33]
    """
    edges, count = np.array(bins.edges.tolist()), np.array(bins.count.tolist())
    if not count.any():
        raise ValueError("confidence_histogram: expected a bin that holds a sample, got empty ones only; count first")
    axes.bar(edges[:-1], count / count.sum(), np.diff(edges), align="edge", color=plots.GREY, edgecolor="white")
    axes.set(xlim=(0, 1), xlabel="confidence", ylabel="share")
    return axes

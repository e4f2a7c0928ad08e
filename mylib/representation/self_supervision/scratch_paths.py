"""The future is the label: where somebody will go, with one guess or several, in NumPy."""

import numpy as np

from mylib import engine
from mylib.engine import nn
from mylib.representation.self_supervision import contract


class PathPredictor(nn.Module):
    r"""Past positions in, several possible futures out: y_kt = x_last + f_kt(x_2 - x_1, x_3 - x_2, ...).

    f sees steps, not places, and says how far to go from the last place: whoever moves the past moves the futures.

    Args:    past: positions seen, at least 2.
             future: positions to come.
             hypotheses: K, how many futures.
             hidden: width of both hidden layers, with ReLU.
    Raises:  ValueError: sizes below those.
    Source:  slide "Future: It may be possible to predict paths of other agents"; several answers as in Guzman-Rivera,
             Batra, Kohli (2012). Differs: none.

    Example:
        >>> PathPredictor(8, 12, hypotheses=3)(np.zeros((5, 8, 2), np.float32)).shape
        (5, 3, 12, 2)
    """

    def __init__(self, past, future, hypotheses=1, hidden=64):
        super().__init__()
        contract.check_predictor(past, future, hypotheses, hidden)
        self.past, self.future, self.hypotheses = past, future, hypotheses
        self.layers = nn.Sequential(
            nn.Linear(2 * (past - 1), hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, 2 * hypotheses * future),
        )

    def forward(self, past):
        """Metres, (batch, past, 2) to (batch, hypotheses, future, 2)."""
        past = engine.as_tensor(past)
        contract.check_past(past.shape, self.past)
        contract.check_numbers("PathPredictor", not np.isfinite(past.numpy()).all(), past=past)
        steps = (past[:, 1:] - past[:, :-1]).reshape(-1, 2 * (self.past - 1))
        offsets = self.layers(steps).reshape(-1, self.hypotheses, self.future, 2)
        return past[:, None, -1:] + offsets  # (batch, 1, 1, 2) to every hypothesis and time


def winner_takes_all_loss(paths, target):
    r"""L = mean_b min_k mean_t ||p_bkt - y_bt||^2: only the nearest guess is taught.

    With one guess it is the mean squared distance, whose best answer is E[y | past]: at a fork, a place where nobody
    goes. The gradient goes to the winner alone, of equal ones to the first.

    Args:    paths: p, the guesses. Shape (batch, hypotheses, future, 2).
             target: y, what came. Shape (batch, future, 2).
    Returns: the loss in square metres, a scalar Tensor.
    Raises:  ValueError: shapes that do not fit, or positions that are no numbers.
    Source:  Guzman-Rivera, Batra, Kohli (2012), multiple choice learning. Differs: none.

    Example:
        >>> guesses = np.array([[[[0.0, 0.0]], [[3.0, 4.0]]]])  # 2 guesses of 1 position
        >>> winner_takes_all_loss(guesses, np.array([[[3.0, 3.0]]])).item()
        1.0
    """
    paths, target = engine.as_tensor(paths), engine.as_tensor(target)
    contract.check_paths("winner_takes_all_loss", paths.shape, target.shape)
    _check_numbers("winner_takes_all_loss", paths, target)
    gap = paths - target[:, None]
    distances = (gap * gap).sum(-1).mean(-1)  # (batch, hypotheses)
    winners = distances.numpy().argmin(axis=1)
    return distances[np.arange(len(winners)), winners].mean()


def displacement_errors(paths, target):
    r"""minADE = mean_b min_k mean_t ||p_bkt - y_bt|| and minFDE = mean_b min_k ||p_bk - y_b|| at the last time.

    The two minima are taken independently: another guess may be nearest at the end than on average. Some benchmarks
    choose one guess for both; their minFDE is then never smaller.

    Args:    paths: p, the guesses. Shape (batch, hypotheses, future, 2).
             target: y, what came. Shape (batch, future, 2).
    Returns: (minADE, minFDE), floats, metres.
    Raises:  ValueError: shapes that do not fit, or positions that are no numbers.
    Source:  Gupta et al. (2018), section 4. Differs: none.

    Example:
        >>> displacement_errors(np.array([[[[0.0, 0.0]], [[3.0, 4.0]]]]), np.array([[[0.0, 2.0]]]))
        (2.0, 2.0)
    """
    paths, target = np.asarray(paths), np.asarray(target)
    contract.check_paths("displacement_errors", paths.shape, target.shape)
    _check_numbers("displacement_errors", paths, target)
    distances = np.sqrt(((paths - target[:, None]) ** 2).sum(axis=-1))  # (batch, hypotheses, future)
    average, final = distances.mean(axis=2).min(axis=1), distances[:, :, -1].min(axis=1)
    return float(average.mean()), float(final.mean())


def _check_numbers(operation, paths, target):
    for name, values in (("paths", paths), ("target", target)):
        contract.check_numbers(operation, not np.isfinite(np.asarray(values)).all(), **{name: values})

"""The future is the label: where somebody will go, with one guess or several, in PyTorch."""

import torch
from torch import nn

from mylib.representation.self_supervision import contract
from mylib.shared.devices import on_cpu


class PathPredictor(nn.Module):
    r"""Past positions in, several possible futures out, by steps and not by places.

    On a GPU nobody looks whether positions are numbers.
    """

    def __init__(self, past, future, hypotheses=1, hidden=64):
        super().__init__()
        contract.check_predictor(past, future, hypotheses, hidden)
        self.past, self.future, self.hypotheses = past, future, hypotheses
        first, last = nn.Linear((past - 1) * 2, hidden), nn.Linear(hidden, hypotheses * future * 2)
        self.layers = nn.Sequential(first, nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), last)

    def forward(self, past):
        """Metres, (batch, past, 2) to (batch, hypotheses, future, 2)."""
        contract.check_past(past.shape, self.past)
        _check_numbers("PathPredictor", past=past)
        offsets = self.layers(past.diff(dim=1).flatten(1))
        return offsets.unflatten(1, (self.hypotheses, self.future, 2)) + past[:, -1, None, None]


def winner_takes_all_loss(paths, target):
    r"""L = mean_b min_k mean_t ||p_bkt - y_bt||^2: only the nearest guess is taught.

    On a GPU nobody looks whether positions are numbers.
    """
    contract.check_paths("winner_takes_all_loss", paths.shape, target.shape)
    _check_numbers("winner_takes_all_loss", paths=paths, target=target)
    distances = (paths - target.unsqueeze(1)).square().sum(dim=-1).mean(dim=-1)  # (batch, hypotheses)
    # argmin names the first of equal ones; min(dim) would leave open which one the gradient goes to.
    return distances.gather(1, distances.detach().argmin(dim=1, keepdim=True)).mean()


@torch.no_grad()
def displacement_errors(paths, target):
    r"""minADE and minFDE: mean and final distance of the nearest guess, each with its own nearest one."""
    contract.check_paths("displacement_errors", paths.shape, target.shape)
    _check_numbers("displacement_errors", paths=paths, target=target)
    distances = torch.linalg.vector_norm(paths - target.unsqueeze(1), dim=-1)  # (batch, hypotheses, future)
    errors = torch.stack([distances.mean(dim=-1), distances[..., -1]])  # (2, batch, hypotheses)
    average, final = errors.amin(dim=-1).mean(dim=-1).tolist()
    return average, final


def _check_numbers(operation, **given):
    for name, values in given.items():
        if on_cpu(values):
            contract.check_numbers(operation, not bool(values.isfinite().all()), **{name: values})

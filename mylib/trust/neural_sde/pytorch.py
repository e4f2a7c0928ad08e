"""Neural differential equations in PyTorch."""

from mylib.shared.docstrings import complete_from_twin
from mylib.trust.neural_sde.pytorch_adjoint import odeint_adjoint
from mylib.trust.neural_sde.pytorch_network import SDENet, diffusion_loss, gaussian_nll
from mylib.trust.neural_sde.pytorch_solvers import odeint, sdeint
from mylib.trust.neural_sde.pytorch_uncertainty import auroc, classification_uncertainty, regression_uncertainty

__all__ = [
    "odeint",
    "odeint_adjoint",
    "sdeint",
    "SDENet",
    "diffusion_loss",
    "gaussian_nll",
    "classification_uncertainty",
    "regression_uncertainty",
    "auroc",
]

complete_from_twin(globals())

"""Neural differential equations in NumPy: solvers, the adjoint, SDE-Net, and uncertainty in two parts."""

from mylib.trust.neural_sde.scratch_adjoint import odeint_adjoint
from mylib.trust.neural_sde.scratch_network import SDENet, diffusion_loss, gaussian_nll
from mylib.trust.neural_sde.scratch_solvers import odeint, sdeint
from mylib.trust.neural_sde.scratch_uncertainty import auroc, classification_uncertainty, regression_uncertainty

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

r"""From synthetic to real rain in PyTorch.

Notation as in `scratch`. Everything stays on the device of its arguments; no training step reads a value back.
"""

from mylib.few_labels.deraining.pytorch_pictures import edge_features, psnr, ssim, supervised_loss
from mylib.few_labels.deraining.pytorch_processes import (
    cosine_kernel,
    gp_posterior,
    pseudo_label_loss,
    pseudo_latents,
    rbf_kernel,
)
from mylib.few_labels.deraining.pytorch_training import Derainer, Syn2Real
from mylib.shared.docstrings import complete_from_twin

__all__ = [
    "cosine_kernel",
    "rbf_kernel",
    "gp_posterior",
    "pseudo_latents",
    "pseudo_label_loss",
    "supervised_loss",
    "edge_features",
    "Derainer",
    "psnr",
    "ssim",
    "Syn2Real",
]

complete_from_twin(globals())

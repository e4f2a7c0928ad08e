r"""From synthetic to real rain in NumPy: Gaussian processes, losses and measures, training in two phases."""

from mylib.few_labels.deraining.scratch_pictures import edge_features, psnr, ssim, supervised_loss
from mylib.few_labels.deraining.scratch_processes import (
    cosine_kernel,
    gp_posterior,
    pseudo_label_loss,
    pseudo_latents,
    rbf_kernel,
)
from mylib.few_labels.deraining.scratch_training import Derainer, Syn2Real

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

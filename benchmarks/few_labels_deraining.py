"""Rows of deraining: PSNR against scikit-image, and many small Gaussian processes at once against one after another.

The pictures hold 10^6 numbers. The processes are those of the unlabelled phase: 64 latents of 512 numbers,
each with 8 neighbours of its own. Measured once, on a busy machine: PSNR takes 0.86 to 1.03 of scikit-image's
time; all posteriors at once take 0.14 (NumPy) and 0.23 (PyTorch) of the loop's time, 0.08 and 0.07 of scikit-learn's.
"""

import numpy as np
import torch
from skimage.metrics import peak_signal_noise_ratio
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

from mylib.few_labels.deraining import pytorch, scratch

LATENTS, NEIGHBOURS, DIM, LENGTH = 64, 8, 512, 30.0


def pictures(count=10, side=183):
    """Ten colour pictures, 10^6 numbers together, and the same with noise; float32."""
    rng = np.random.default_rng(0)
    x = rng.random((count, 3, side, side), np.float32)
    return x, np.clip(x + rng.normal(0, 0.1, x.shape), 0, 1).astype(np.float32)


def one_after_another(module, queries, near, kernel):
    """The same posteriors in a loop over the queries."""
    for query, inputs in zip(queries, near, strict=True):
        module.gp_posterior(query, inputs, inputs, kernel)


def scikit_learn(queries, near):
    """A regressor for each query, without a search for the kernel's length."""
    for query, inputs in zip(queries, near, strict=True):
        process = GaussianProcessRegressor(RBF(LENGTH), alpha=1.0, optimizer=None).fit(inputs, inputs)
        process.predict(query, return_std=True)


def rows(row):
    """All of them, made with the class `row`."""
    x, y = pictures()
    tensors = torch.tensor(x), torch.tensor(y)
    scikit = {"scikit-image": lambda: [peak_signal_noise_ratio(a, b, data_range=1) for a, b in zip(x, y, strict=True)]}
    rng = np.random.default_rng(1)
    queries, near = rng.normal(size=(LATENTS, 1, DIM)), rng.normal(size=(LATENTS, NEIGHBOURS, DIM))
    made = [row("PSNR of 10 pictures, 10^6 numbers", lambda: scratch.psnr(x, y), scikit)]
    made += [row("PSNR of 10 pictures, 10^6 numbers, PyTorch", lambda: pytorch.psnr(*tensors), scikit)]
    for name, module, make in (("", scratch, np.asarray), (", PyTorch", pytorch, torch.tensor)):
        given = make(queries), make(near)

        def kernel(a, b, module=module):
            return module.rbf_kernel(a, b, LENGTH)

        def batched(module=module, given=given, kernel=kernel):
            module.gp_posterior(given[0], given[1], given[1], kernel)

        def loop(module=module, given=given, kernel=kernel):
            one_after_another(module, *given, kernel)

        size = f"{LATENTS} processes of {NEIGHBOURS} neighbours, {DIM} numbers"
        made.append(row(f"{size}{name}, batched against a loop", batched, {"loop over queries": loop}))
        made.append(row(f"{size}{name}", batched, {"scikit-learn": lambda: scikit_learn(queries, near)}))
    return made

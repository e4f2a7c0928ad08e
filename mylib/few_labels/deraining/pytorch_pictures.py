r"""Losses and measures of pictures in PyTorch: fused losses, a convolution for all filters."""

import torch
import torch.nn.functional as F

from mylib.few_labels.deraining import contract
from mylib.shared.devices import at_least_float32, without_autocast

SOBEL = ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))
LAPLACE = ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0))


def supervised_loss(prediction, target, features=None, weight=0.04):
    r"""L_sup = smooth L1 (beta 1) + lambda_p mean (Phi(y) - Phi(t))^2, each a fused loss."""
    contract.check_supervised(prediction.shape, target.shape, weight)
    loss = F.smooth_l1_loss(prediction, target)
    if features is not None:
        loss = loss + weight * F.mse_loss(features(prediction), features(target))
    return loss


def edge_features(images):
    r"""Phi: six filters as the channels of one convolution, at full and at half size."""
    contract.check_features(images.shape)
    sobel, laplace = (torch.tensor(one, device=images.device, dtype=images.dtype) / 4 for one in (SOBEL, LAPLACE))
    bank = torch.stack([sobel, -sobel, sobel.mT, -sobel.mT, laplace, -laplace]).unsqueeze(1)
    scales = images, F.avg_pool2d(images, 2)
    maps = (F.conv2d(one.flatten(0, 1).unsqueeze(1), bank).relu() for one in scales)  # every channel is a picture
    return torch.cat([one.reshape(len(images), -1) for one in maps], dim=1)


def psnr(x, y, data_range=1.0):
    r"""PSNR = 20 log10(R sqrt(N) / |x - y|), in decibels, with N numbers in a picture; float32 at least."""
    contract.check_psnr(x.shape, y.shape, data_range)
    apart = (at_least_float32(x) - at_least_float32(y)).flatten(1)
    return 20 * (data_range * apart.shape[1] ** 0.5 / torch.linalg.vector_norm(apart, dim=1)).log10()


def ssim(x, y, data_range=1.0):
    r"""Structural similarity: five pictures' Gaussian means in one depthwise convolution a direction."""
    contract.check_ssim(x.shape, y.shape, data_range)
    with without_autocast(x.device):
        x, y = at_least_float32(x), at_least_float32(y)
        offset = torch.arange(contract.WINDOW, device=x.device, dtype=x.dtype) - contract.WINDOW // 2
        window = torch.softmax(-(offset**2) / (2 * 1.5**2), dim=0)  # Gaussian weights that sum to 1
        pictures = torch.stack([x, y, x * x, y * y, x * y]).flatten(0, 2)[:, None]
        means = F.conv2d(F.conv2d(pictures, window[None, None, :, None]), window[None, None, None])
        mean_x, mean_y, xx, yy, xy = means.unflatten(0, (5, *x.shape[:2])).squeeze(3)
        c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
        product, squares = mean_x * mean_y, mean_x.square() + mean_y.square()
        numerator = (2 * product + c1) * (2 * (xy - product) + c2)
        return (numerator / ((squares + c1) * (xx + yy - squares + c2))).flatten(1).mean(dim=1)

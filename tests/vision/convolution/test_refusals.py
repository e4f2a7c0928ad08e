"""Filters, layers and sizes that convolution refuses."""

import numpy as np
import pytest

from mylib.vision.convolution import scratch


def test_bad_filters_are_refused(side):
    module, array = side
    image, kernel = array(np.zeros((4, 5))), array(np.ones((3, 3)))
    with pytest.raises(ValueError, match="expected padding of .*'valid'.*, got 'mirror'"):
        module.correlate2d(image, kernel, "mirror")
    with pytest.raises(ValueError, match=r"odd kernel, so that it has a middle, got \(2, 2\); use padding='valid'"):
        module.correlate2d(image, kernel[:2, :2], "zero")
    with pytest.raises(ValueError, match=r"kernel that fits the image \(4, 5\), got \(5, 5\)"):
        module.correlate2d(image, array(np.ones((5, 5))))
    with pytest.raises(ValueError, match=r"kernel \(k_h, k_w\), got \(4, 5\) and \(3,\)"):
        module.correlate2d(image, kernel[0])
    with pytest.raises(ValueError, match=r"expected signal \(..., n\) and kernel \(k,\)"):
        module.conv1d(image, kernel)


def test_bad_layers_are_refused(side):
    module, array = side
    x, weight = array(np.zeros((1, 4, 6, 6))), array(np.zeros((2, 3, 3, 3)))
    for groups in (0, 1, 2):
        with pytest.raises(ValueError, match=rf"conv2d: expected x .* channels / {groups}, k, k"):
            module.conv2d(x, weight, groups=groups)
    with pytest.raises(ValueError, match=r"channels / 1, k, k"):
        scratch.conv2d_loops(np.zeros((1, 4, 6, 6)), np.zeros((2, 3, 3, 3)))
    with pytest.raises(ValueError, match="classes of at least 1"):
        module.LeNet(0)
    with pytest.raises(ValueError, match=r"images \(batch, 1, 28, 28\), got \(2, 28, 28\)"):
        module.LeNet()(array(np.zeros((2, 28, 28), dtype=np.float32)))


def test_bad_sizes_are_refused(side):
    module, _ = side
    with pytest.raises(ValueError, match="at least 1"):
        module.output_size(0, 3)
    with pytest.raises(ValueError, match="expected a kernel that fits"):
        module.output_size(4, 3, dilation=3)
    with pytest.raises(ValueError, match="channels that 2 groups divide, got 3 and 4"):
        module.conv_parameters(3, 4, 3, groups=2)

"""The derivatives of a ramp, and the costs of the networks counted by hand."""

import numpy as np

from mylib.vision.convnets import pytorch as convnets_pytorch
from mylib.vision.convnets import scratch as convnets_scratch
from mylib.vision.video import pytorch_flow, scratch, scratch_flow


def test_derivatives_of_a_ramp_are_its_slopes(side):
    module, array = side
    rows, columns = np.mgrid[0:12, 0:14].astype(float)
    ramp = 0.02 * columns - 0.03 * rows
    dx, dy, dt = (scratch_flow if module is scratch else pytorch_flow).derivatives(
        "test", array(ramp), array(ramp + 0.1)
    )
    for got, expected in ((dx, 0.02), (dy, -0.03), (dt, 0.1)):
        np.testing.assert_allclose(np.asarray(got)[4:-4, 4:-4], expected, rtol=1e-9)


def test_costs_of_the_networks_by_hand(side):
    # Recurrent, 8 frames of 16 x 16: convolutions to 8 x 8, 4 x 4 and 2 x 2 with 2, 4 and 8 channels, 32 to 5 units
    # for every frame; 5 to 5 units in all frames but the first; 5 to 3 at the end.
    module, _ = side
    counting = convnets_scratch if module is scratch else convnets_pytorch
    network = module.RecurrentVideoNet(3, 16, 1, 2, 5)
    per_frame = 64 * 9 * 1 * 2 + 16 * 9 * 2 * 4 + 4 * 9 * 4 * 8 + 32 * 5
    assert counting.count_multiply_adds(network, (1, 8, 16, 16)) == 8 * per_frame + 7 * 25 + 15
    network = module.Conv3dNet(3, 1, 2)
    expected = 8 * 64 * 27 * 2 + 4 * 16 * 27 * 2 * 4 + 2 * 4 * 27 * 4 * 8 + 8 * 3
    assert counting.count_multiply_adds(network, (1, 8, 16, 16)) == expected

"""The loss by another package and by torch's cross-entropy, colours by scikit-image, crops by contrastive's views."""

import numpy as np
import pytest
import torch
from info_nce import InfoNCE
from skimage.color import rgb2hsv

from mylib.attention.contrastive import scratch as contrastive
from mylib.representation.augmentation_invariance.views import draw_parameters
from mylib.representation.self_supervision import scratch as turning
from tests.representation.augmentation_invariance.cases import RNG, vectors
from tests.twins import array


@pytest.mark.parametrize(("heads", "batch"), [(1, 4), (2, 1), (3, 5), (4, 2)])
def test_head_by_head_it_is_info_nce_with_the_other_keys_as_negatives(side, heads, batch):
    module, make = side
    queries, keys, queues = vectors(heads, heads, batch)
    reference, total = InfoNCE(temperature=0.3, negative_mode="paired"), 0.0
    for head in range(heads):
        others = [view for view in range(heads) if view != head] if head else []
        negatives = np.concatenate([keys[head, others], np.repeat(queues[head][:, None], batch, axis=1)])
        arrays = queries[head], keys[head, head], negatives.swapaxes(0, 1)
        total += reference(*map(torch.tensor, arrays)).item() / heads
    got = module.looc_loss(make(queries), make(keys), make(queues), 0.3).item()
    assert got == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_the_first_head_is_moco(side, heads):
    """The loss of all heads less that of the others: what is left over is MoCo's, for any number of heads."""
    module, make = side
    queries, keys, queues = vectors(10 + heads, heads)
    moco = contrastive.info_nce(queries[0], keys[0, 0], queues[0], 0.2).item()
    if heads == 1:
        assert module.looc_loss(make(queries), make(keys), make(queues)).item() == pytest.approx(moco, rel=1e-9)
        return
    changed = RNG(20).normal(size=queries[0].shape)
    other = queries.copy()
    other[0] = changed
    gap = [module.looc_loss(make(one), make(keys), make(queues)).item() * heads for one in (queries, other)]
    expected = moco - contrastive.info_nce(changed, keys[0, 0], queues[0], 0.2).item()
    assert gap[0] - gap[1] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("third", [1, 2])
def test_the_hue_of_a_saturated_colour_moves_by_the_turn(side, third):
    module, make = side
    colours = np.concatenate([np.eye(3), 1 - np.eye(3), [[1, 0.5, 0], [0.2, 0.9, 0.4]]])[..., None, None]
    got = array(module.hue_rotation(make(colours), make(np.full(len(colours), third / 3))))
    before, after = (rgb2hsv(one, channel_axis=1)[:, 0, 0, 0] for one in (colours, got))
    distance = (after - before - third / 3 + 0.5) % 1 - 0.5  # red is both 0 and 1
    np.testing.assert_allclose(distance, 0, atol=1e-12)


def test_a_colour_is_turned_as_scipy_turns_a_vector(side):
    from scipy.spatial.transform import Rotation

    module, make = side
    images, turns = RNG(5).uniform(0.35, 0.65, (6, 3, 4, 4)), RNG(6).uniform(-2, 2, 6)  # so near grey that none clips
    axis = np.ones(3) / np.sqrt(3)
    matrices = Rotation.from_rotvec(2 * np.pi * turns[:, None] * axis).as_matrix()
    expected = np.einsum("bij,bjhw->bihw", matrices, images)
    assert 0 < expected.min() < expected.max() < 1
    np.testing.assert_allclose(array(module.hue_rotation(make(images), make(turns))), expected, rtol=1e-12)


def test_a_view_is_crop_then_colour_then_texture_then_turn(side):
    """Each view from the pieces of other topics, in this order."""
    module, make = side
    images, textures = RNG(7).random((3, 3, 6, 6)), RNG(8).random((4, 1, 6, 6))
    names = "texture", "rotation", "colour"
    query, keys = module.leave_one_out_views(make(images), RNG(9), names, textures=make(textures))
    for view, draw in zip([query, *keys], draw_parameters(RNG(9), 3, names), strict=True):
        x = contrastive.augment(images, RNG(draw["crop"]), blur=False, contrast=False)
        x = array(module.hue_rotation(make(x), make(draw["colour"])))
        which = (draw["texture"][:, 0] * 4).astype(int)
        x = array(module.blend_texture(make(x), make(textures[which]), make(draw["texture"][:, 1])))
        np.testing.assert_allclose(array(view), turning.rotate90(x, draw["rotation"]), atol=1e-12)

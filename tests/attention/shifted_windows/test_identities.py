"""The fast form against the readable one, what masks and windows let through, and gradients by differences."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mylib import engine
from mylib.attention.shifted_windows import pytorch, scratch, scratch_windows, sizes
from tests.attention.shifted_windows.cases import SMALL, TENSOR, WHOLE, normal, randomise
from tests.twins import array

CUTS = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(0, 3)).map(
    lambda t: (t[0], t[0] * t[1], t[0] * t[2], t[3] % t[0])
)


@settings(max_examples=25, deadline=None)
@given(CUTS)
def test_cut_and_joined_or_rolled_there_and_back_is_the_same(cut):
    window, height, width, shift = cut
    x = normal(2, height, width, 3)
    for module, tensor in TENSOR.items():
        windows = module.window_partition(tensor(x), window)
        np.testing.assert_array_equal(array(module.window_reverse(windows, window, height, width)), x)
        rolled = module.cyclic_shift(tensor(x), shift)
        np.testing.assert_array_equal(array(rolled), np.roll(x, (-shift, -shift), (1, 2)))
        np.testing.assert_array_equal(array(module.cyclic_shift(rolled, -shift)), x)


@settings(max_examples=25, deadline=None)
@given(CUTS)
def test_masks_are_equivalences_and_agree(cut):
    window, height, width, shift = cut
    mask = scratch.shifted_window_mask(height, width, window, shift)
    assert mask.shape == ((height // window) * (width // window), window**2, window**2)
    assert mask.dtype == bool
    np.testing.assert_array_equal(mask, pytorch.shifted_window_mask(height, width, window, shift).numpy())
    np.testing.assert_array_equal(mask, mask.swapaxes(1, 2))
    assert mask.diagonal(axis1=1, axis2=2).all()
    np.testing.assert_array_equal(mask @ mask, mask, err_msg="who is seen by one that I see, I see")
    rows, columns = height // window, width // window
    inside = mask.reshape(rows, columns, -1)[: rows - 1, : columns - 1]
    assert inside.all(), "windows that the roll does not wrap see all"
    assert mask.all() == (shift == 0)


@pytest.mark.parametrize("window", [1, 2, 5])
def test_every_row_of_the_table_is_used_and_the_offset_alone_decides(side, window):
    module, _ = side
    index = array(module.relative_position_index(window))
    assert sorted(set(index.ravel())) == list(range((2 * window - 1) ** 2))
    grid = index.reshape(window, window, window, window)
    np.testing.assert_array_equal(grid[1:, 1:, 1:, 1:], grid[:-1, :-1, :-1, :-1])
    assert (index + index.T == 2 * index[0, 0]).all(), "the opposite offset is as far from the middle"


@pytest.mark.parametrize(("height", "width"), [(8, 8), (7, 10), (5, 9), (9, 5)])
@pytest.mark.parametrize(("window", "shift"), [(4, 0), (4, 2), (4, 1), (3, 2)])
@pytest.mark.parametrize("relative", [True, False])
def test_rolled_windows_are_the_dense_attention(side, height, width, window, shift, relative):
    module, tensor = side
    block = randomise(module.SwinBlock(6, 2, window, shift, relative=relative))
    layer = randomise(scratch.WindowAttention(6, 2, window, relative))
    layer.load_state_dict({name: array(value) for name, value in block.attention.state_dict().items()})
    x = normal(2, height, width, 6)
    expected = scratch.dense_shift_attention(x, layer, window, shift).numpy()
    np.testing.assert_allclose(array(block._attend(tensor(x))), expected, rtol=1e-9, atol=1e-11)


def influence(module, blocks, row, column, size=8, dim=4):
    """How much each token of the input moves token (row, column) of the output. Shape (size, size)."""
    x = TENSOR[module](normal(1, size, size, dim), requires_grad=True)
    y = x
    for block in blocks:
        y = block(y)
    y[0, row, column].sum().backward()
    return np.abs(array(x.grad))[0].sum(axis=2)


def test_gradients_are_exactly_zero_outside_the_window_and_cross_its_border_after_the_shift(side):
    module, _ = side
    plain, shifted = (randomise(module.SwinBlock(4, 2, 4, shift), seed=shift) for shift in (0, 2))
    seen = influence(module, [plain], 3, 3)
    expected = np.zeros((8, 8), bool)
    expected[:4, :4] = True
    np.testing.assert_array_equal(seen != 0, expected)
    expected[:] = False
    expected[2:6, 2:6] = True
    np.testing.assert_array_equal(influence(module, [shifted], 3, 3) != 0, expected)
    assert (influence(module, [plain, shifted], 3, 3) != 0).all(), "four windows meet in the shifted one"
    corner = influence(module, [shifted], 0, 7) != 0  # two rows at the top, two columns at the right; nothing wrapped
    assert corner.sum() == 4
    assert corner[:2, 6:].all()


def test_without_a_shift_a_token_never_sees_beyond_its_window(side):
    module, _ = side
    blocks = [randomise(module.SwinBlock(4, 2, 4), seed=seed) for seed in range(4)]
    assert (influence(module, blocks, 0, 0) != 0).sum() == 16


def test_a_token_in_the_middle_of_its_window_sees_no_farther_because_the_window_moves_with_the_map(side):
    module, tensor = side
    block = randomise(module.SwinBlock(6, 2, 3))
    x = normal(1, 9, 9, 6)
    moved = np.roll(x, (3, 3), (1, 2))
    np.testing.assert_allclose(
        array(block(tensor(moved))), np.roll(array(block(tensor(x))), (3, 3), (1, 2)), rtol=1e-9, atol=1e-12
    )


def test_shifting_the_image_by_a_window_of_patches_shifts_the_maps(side):
    module, tensor = side
    model = randomise(module.Swin(**WHOLE | {"shifted": False, "image_size": 32}))
    images = normal(1, 2, 32, 32)
    by = 2 * 4 * 2  # pixels of a patch, tokens of a window, halving: a whole window of both stages
    before, after = (model.features(tensor(x)) for x in (images, np.roll(images, (by, by), (2, 3))))
    for level, (one, other) in enumerate(zip(before, after, strict=True)):
        tokens = by // 2 // 2**level
        expected = np.roll(array(one), (tokens, tokens), (2, 3))
        np.testing.assert_allclose(array(other), expected, rtol=1e-9, atol=1e-11)


def test_weights_are_those_that_forward_uses(side):
    module, tensor = side
    layer = randomise(module.WindowAttention(6, 2, 3))
    windows, mask = normal(4, 9, 6), array(module.shifted_window_mask(3, 6, 3, 1))
    weights = array(layer.weights(tensor(windows), tensor(mask)))
    assert weights.shape == (4, 2, 9, 9)
    np.testing.assert_allclose(weights.sum(axis=3), 1, rtol=1e-9)
    assert (weights.transpose(0, 2, 3, 1)[~np.tile(mask, (2, 1, 1))] == 0).all()
    values = array(layer.qkv(tensor(windows)))[:, :, 12:].reshape(4, 9, 2, 3)
    mixed = np.einsum("nhqk,nkhd->nqhd", weights, values).reshape(4, 9, 6)
    expected = array(layer.projection(tensor(mixed)))
    np.testing.assert_allclose(array(layer(tensor(windows), tensor(mask))), expected, rtol=1e-9, atol=1e-11)
    squares = array(layer(tensor(windows.reshape(4, 3, 3, 6)), tensor(mask)))
    np.testing.assert_allclose(squares.reshape(4, 9, 6), expected, rtol=1e-9, atol=1e-11)
    block = randomise(module.SwinBlock(6, 2, 3, 1))
    assert array(block.weights(tensor(normal(2, 6, 6, 6)))).shape == (8, 2, 9, 9)


def test_bias_of_a_smaller_window_is_that_of_its_offsets(side):
    module, tensor = side
    large = randomise(module.WindowAttention(4, 2, 3))
    small = module.WindowAttention(4, 2, 2).double()
    state = {name: torch.tensor(array(value)) for name, value in large.state_dict().items()}
    middle = state["relative_bias"].reshape(5, 5, 2)[1:4, 1:4].reshape(9, 2)
    small.load_state_dict(state | {"relative_bias": middle})
    windows = tensor(normal(3, 4, 4))
    np.testing.assert_allclose(array(large(windows)), array(small(windows)), rtol=1e-12)


def test_a_map_no_larger_than_the_window_is_one_window_without_a_shift(side):
    module, tensor = side
    block = randomise(module.SwinBlock(4, 2, 4, 2))
    for size in ((4, 4), (3, 3), (3, 6), (1, 1)):
        x = normal(1, *size, 4)
        side_ = min(size)
        expected = scratch.dense_shift_attention(x, _copy(block.attention), side_).numpy()
        np.testing.assert_allclose(array(block._attend(tensor(x))), expected, rtol=1e-9, atol=1e-12)


def _copy(attention):
    layer = scratch.WindowAttention(attention.dim, attention.heads, attention.window).double()
    layer.load_state_dict({name: array(value) for name, value in attention.state_dict().items()})
    return layer


def test_scores_in_blocks_are_the_same_and_bounded(monkeypatch):
    layer = randomise(scratch.WindowAttention(4, 2, 2))
    windows, mask = normal(12, 4, 4), scratch.shifted_window_mask(4, 4, 2, 1)
    expected = layer(windows, mask).numpy()
    sizes_ = []
    softmax = scratch_windows.softmax
    monkeypatch.setattr(scratch_windows, "softmax", lambda x: sizes_.append(x.data.nbytes) or softmax(x))
    monkeypatch.setattr(scratch_windows, "SCORES", 5 * 2 * 16 * 8)  # room for five windows; a mask has four
    np.testing.assert_allclose(layer(windows, mask).numpy(), expected, rtol=1e-12)
    assert sizes_ == [4 * 2 * 16 * 8] * 3
    engine.gradcheck(lambda x: layer(x, mask), windows)


def test_masks_are_made_once_and_are_not_part_of_the_weights():
    model = pytorch.Swin(**SMALL)
    names = {name for name, _ in model.named_buffers()}
    assert {name.rsplit(".", 1)[1] for name in names} == {"index", "mask"}
    assert not names & set(model.state_dict())
    assert [tuple(block.mask.shape) for stage in model.stages for block in stage if block.shift] == [
        (9, 16, 16),
        (4, 16, 16),
    ]
    assert set(scratch.Swin(**SMALL).state_dict()) == set(model.state_dict())


def test_images_of_other_sizes_are_taken(side):
    module, tensor = side
    small, large = (randomise(module.Swin(**SMALL | {"image_size": size})) for size in (20, 36))
    images = tensor(normal(2, 2, 36, 36))
    np.testing.assert_allclose(array(small(images)), array(large(images)), rtol=1e-9)
    assert [array(one).shape for one in small.features(tensor(normal(1, 2, 12, 22)))] == [(1, 8, 6, 11), (1, 16, 3, 6)]


def test_counts_follow_what_is_made(side):
    module, _ = side
    for change in ({}, {"relative": False}, {"depths": (1, 3, 2), "heads": (1, 2, 4)}, {"image_size": 6}):
        options = SMALL | change
        counted = sum(math.prod(p.shape) for p in module.Swin(**options).parameters())
        assert counted == sizes.parameter_count(**options)


def test_stochastic_depth_leaves_out_whole_images_while_training_and_keeps_the_mean(side):
    module, tensor = side
    (engine if module is scratch else torch).manual_seed(0)
    block = randomise(module.SwinBlock(4, 2, 2, drop_path=0.25))
    x = tensor(np.repeat(normal(1, 2, 2, 4), 2000, axis=0))
    part = array(block._attend(block.norm1(x)))[0]
    kept = array(block._dropped(tensor(np.ones((2000, 2, 2, 4)))))
    assert set(kept.ravel()) == {0, 1 / 0.75}
    assert (kept == kept[:, :1, :1, :1]).all(), "an image is kept or left out as a whole"
    assert kept.mean() == pytest.approx(1, abs=0.05)  # 2,000 draws: standard error 0.013
    block.eval()
    first = array(block(x))
    assert (first == array(block(x))).all()
    assert np.abs(part).max() > 0
    plain = randomise(module.SwinBlock(4, 2, 2))
    np.testing.assert_array_equal(first, array(plain(x)))


def test_an_image_alone_gets_the_same_scores(side):
    module, tensor = side
    model, images = randomise(module.Swin(**SMALL)), normal(3, 2, 20, 20)
    np.testing.assert_allclose(array(model(tensor(images[1:2]))), array(model(tensor(images)))[1:2], rtol=1e-9)


def test_start_of_the_table(side):
    module, _ = side
    (engine if module is scratch else torch).manual_seed(0)
    table = array(module.WindowAttention(64, 16, 7).relative_bias)
    assert table.shape == (169, 16)
    assert table.std() == pytest.approx(0.02, rel=0.06)  # 2,704 numbers: error 1.4 %
    assert module.WindowAttention(4, 2, 3, relative=False).relative_bias is None


def test_gradients_by_differences():
    engine.gradcheck(lambda x: scratch.window_partition(x, 2), normal(2, 4, 6, 3))
    engine.gradcheck(lambda x: scratch.window_reverse(x, 2, 4, 6), normal(12, 2, 2, 3))
    engine.gradcheck(lambda x: scratch.cyclic_shift(x, 2), normal(2, 4, 5, 3))
    engine.gradcheck(randomise(scratch.SwinBlock(4, 2, 3, 1)), normal(1, 5, 6, 4))
    engine.gradcheck(randomise(scratch.PatchMerging(2)), normal(1, 3, 4, 2))

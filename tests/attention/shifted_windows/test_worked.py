"""Windows, shift, mask, positions and merging by hand, and the numbers of the slides."""

import numpy as np
import pytest
import torch

from mylib.attention.shifted_windows import pytorch, scratch, sizes
from mylib.attention.vision_transformer import sizes as vit_sizes
from tests.twins import array


def numbered(height, width, batch=1):
    return np.arange(float(batch * height * width)).reshape(batch, height, width, 1)


def test_windows_by_hand(side):
    module, tensor = side
    got = array(module.window_partition(tensor(numbered(4, 6, 2)), 2))
    assert got.shape == (12, 2, 2, 1)
    assert got[:, :, :, 0].reshape(12, 4)[[0, 1, 3, 6]].tolist() == [
        [0, 1, 6, 7],
        [2, 3, 8, 9],
        [12, 13, 18, 19],
        [24, 25, 30, 31],
    ]


def test_windows_reversed_by_hand(side):
    module, tensor = side
    got = array(module.window_reverse(tensor(numbered(2, 2, 3)), 2, 2, 6))
    assert got[0, :, :, 0].tolist() == [[0, 1, 4, 5, 8, 9], [2, 3, 6, 7, 10, 11]]


def test_a_positive_shift_moves_up_and_left(side):
    module, tensor = side
    x = tensor(numbered(3, 4))
    assert array(module.cyclic_shift(x, 1))[0, :, :, 0].tolist() == [[5, 6, 7, 4], [9, 10, 11, 8], [1, 2, 3, 0]]
    assert array(module.cyclic_shift(x, -1))[0, :, :, 0].tolist() == [[11, 8, 9, 10], [3, 0, 1, 2], [7, 4, 5, 6]]


def test_mask_by_hand(side):
    module, _ = side
    # Four windows of 2 x 2 after a shift by 1. Region numbers of the rolled map, row by row:
    # 0 0 1 2 / 0 0 1 2 / 3 3 4 5 / 6 6 7 8
    got = array(module.shifted_window_mask(4, 4, 2, 1)).astype(int).tolist()
    beside = [[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]]
    below = [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]
    assert got == [np.ones((4, 4), int).tolist(), beside, below, np.eye(4, dtype=int).tolist()]


def test_relative_index_of_two_by_hand(side):
    module, _ = side
    # Tokens (0,0), (0,1), (1,0), (1,1). Query (0,0), key (0,1): rows 0 apart, columns -1: (0 + 1) 3 + (-1 + 1) = 3.
    expected = [[4, 3, 1, 0], [5, 4, 2, 1], [7, 6, 4, 3], [8, 7, 5, 4]]
    assert array(module.relative_position_index(2)).tolist() == expected


def test_attention_without_queries_is_the_mean_of_those_that_may_be_seen(side):
    module, tensor = side
    layer = module.WindowAttention(2, 1, 2)
    state = {name: torch.zeros(tuple(value.shape)) for name, value in layer.state_dict().items()}
    state["qkv.weight"][4:] = torch.eye(2)  # the values are the tokens
    state["projection.weight"] = torch.eye(2)
    layer.load_state_dict(state)
    tokens = np.array([[[1, 0], [2, 0]], [[3, 8], [6, 0]]], np.float32)[None]
    np.testing.assert_allclose(array(layer(tensor(tokens)))[0].reshape(4, 2), [[3, 2]] * 4, rtol=1e-6)
    mask = array(module.shifted_window_mask(2, 4, 2, 1))[:1]  # rows 0 and 1 apart
    got = array(layer(tensor(tokens), tensor(mask)))[0].reshape(4, 2)
    np.testing.assert_allclose(got, [[1.5, 0], [1.5, 0], [4.5, 4], [4.5, 4]], rtol=1e-6)
    # A bias of ln 3 for the key to the right (columns -1: row 3 of the table): 3 of 6 parts for it.
    state["relative_bias"][3] = np.log(3)
    layer.load_state_dict(state)
    np.testing.assert_allclose(array(layer.weights(tensor(tokens)))[0, 0, 0], [1 / 6, 3 / 6, 1 / 6, 1 / 6], rtol=1e-6)


def test_merging_joins_down_before_right(side):
    module, tensor = side
    layer = module.PatchMerging(1)
    weight = torch.zeros(2, 4)
    weight[0, 1] = weight[1, 2] = 1
    state = {"norm.weight": torch.ones(4), "norm.bias": torch.zeros(4), "reduction.weight": weight}
    layer.load_state_dict(state)
    got = array(layer(tensor(np.array([[0, 20], [10, 30]], np.float32)[None, :, :, None])))[0, 0, 0]
    # Normalised 0, 10, 20, 30 are -1.342, -0.447, 0.447, 1.342; second stands the token below.
    np.testing.assert_allclose(got, [-0.4472, 0.4472], atol=1e-4)


PARAMETERS = {("T", 224): 28_288_354, ("S", 224): 49_606_258, ("B", 224): 87_768_224, ("B", 384): 87_903_584}
PARAMETERS[("L", 384)] = 196_735_516
PRINTED = {("T", 224): 29, ("S", 224): 50, ("B", 224): 88, ("B", 384): 88, ("L", 384): 197}


@pytest.mark.parametrize(("name", "image_size"), PARAMETERS)
def test_parameters_of_the_papers_models(name, image_size):
    preset = pytorch.swin_preset(name, image_size)
    with torch.device("meta"):
        model = pytorch.Swin(**preset)
    counted = sum(parameter.numel() for parameter in model.parameters())
    assert counted == scratch.parameter_count(**preset) == PARAMETERS[name, image_size]
    # The slide rounds up 28.3 M of Swin-T; the others to the nearest.
    assert PRINTED[name, image_size] in (round(counted / 1e6), -(-counted // 10**6))


COSTS = {("T", 224): (4.491, 4.5), ("S", 224): (8.741, 8.7), ("B", 224): (15.431, 15.4)}
COSTS |= {("B", 384): (47.083, 47.0), ("L", 384): (103.919, 103.9)}


@pytest.mark.parametrize(("name", "image_size"), COSTS)
def test_multiply_adds_are_those_of_the_slide(name, image_size):
    exact, printed = COSTS[name, image_size]
    counted = pytorch.multiply_adds(**pytorch.swin_preset(name, image_size)) / 1e9
    assert round(counted, 3) == exact
    assert counted == pytest.approx(printed, rel=0.005)  # 8.741 is printed as 8.7, and 47.083 as 47.0


def test_windows_make_a_model_cheaper_and_not_smaller():
    swin, vit = pytorch.swin_preset("B", 384), {"image_size": 384} | vit_sizes.PRESETS["B/16"] | {"classes": 1000}
    assert pytorch.parameter_count(**swin) > vit_sizes.parameter_count(**vit)
    assert pytorch.multiply_adds(**swin) < vit_sizes.multiply_adds(**vit)


def test_bias_tables_of_swin_t_have_23322_numbers():
    preset = pytorch.swin_preset("T")
    tables = pytorch.parameter_count(**preset) - pytorch.parameter_count(**preset, relative=False)
    assert tables == 169 * (2 * 3 + 2 * 6 + 6 * 12 + 2 * 24) == 23_322


def test_cost_of_a_layer_by_the_papers_formulas():
    assert sizes.attention_cost(56, 56, 96, 7) == 4 * 56 * 56 * 96**2 + 2 * 49 * 56 * 56 * 96
    assert sizes.attention_cost(56, 56, 96) == 4 * 56 * 56 * 96**2 + 2 * 56**4 * 96
    assert sizes.attention_cost(7, 7, 96, 7) == sizes.attention_cost(7, 7, 96)


def test_drop_rates_rise_from_the_first_block_to_the_last():
    plan = sizes.stages(224, 4, 96, (2, 2), (3, 6), 7, drop_path=0.3)
    assert [block["drop_path"] for stage in plan for block in stage["blocks"]] == pytest.approx([0, 0.1, 0.2, 0.3])
    assert [block["shift"] for stage in plan for block in stage["blocks"]] == [0, 3, 0, 3]
    last = sizes.stages(**{k: v for k, v in pytorch.swin_preset("T").items() if k != "classes"})[-1]
    assert (last["side"], last["window"], [block["shift"] for block in last["blocks"]]) == (7, 7, [0, 0])

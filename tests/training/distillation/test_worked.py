"""Losses of one teacher and one student by hand, sizes of DeiT, survival of units, pseudo-labels of four images."""

import numpy as np
import pytest
import torch

from mylib.attention.vision_transformer import sizes as vit_sizes
from mylib.training.distillation import pytorch, sizes
from tests.training.distillation.cases import NETS, STUDENT, TEACHER, values


@pytest.mark.parametrize(("temperature", "expected"), [(1, 0.3409), (3, 0.7899), (10, 0.8117), (100, 0.7822)])
def test_divergence_of_the_worked_example(side, temperature, expected):
    module, array = side
    loss = module.soft_distillation_loss(array(STUDENT), array(TEACHER), array(np.array([0])), temperature, 1.0)
    assert loss.item() == pytest.approx(expected, abs=5e-5)  # four digits are given


def test_divergence_is_teacher_to_student_not_back(side):
    module, array = side
    back = module.soft_distillation_loss(array(TEACHER), array(STUDENT), array(np.array([0])), 1, 1.0)
    assert back.item() == pytest.approx(0.5741, abs=5e-5)


def test_limit_of_high_temperature_compares_centred_logits(side):
    module, array = side
    # Z_t - mean = (7/3, -2/3, -5/3), Z_s - mean = (2/3, -1/3, -1/3): squares 25/9 + 1/9 + 16/9 over 2 * 3.
    limit = (25 + 1 + 16) / 9 / 6
    loss = module.soft_distillation_loss(array(STUDENT), array(TEACHER), array(np.array([0])), 1000, 1.0)
    assert limit == pytest.approx(0.7778, abs=5e-5)
    assert loss.item() == pytest.approx(limit, rel=1e-3)  # the next term is of order 1 / tau


def test_shares_of_labels_and_teacher(side):
    module, array = side
    arguments = array(STUDENT), array(TEACHER), array(np.array([2]))
    cross_entropy = np.log(np.exp(2) + 2 * np.exp(1)) - 1
    loss = module.soft_distillation_loss(*arguments, temperature=1, weight=0.25)
    assert loss.item() == pytest.approx(0.75 * cross_entropy + 0.25 * 0.3409, abs=5e-5)
    default = module.soft_distillation_loss(*arguments)
    assert default.item() == pytest.approx(0.9 * cross_entropy + 0.1 * 0.7899, abs=5e-5), "tau 3, lambda 0.1"


def test_hard_loss_by_hand(side):
    module, array = side
    z = array(np.log(np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]])))
    teacher = array(np.array([[0.0, 2.0, 1.0], [3.0, 3.0, 1.0]]))  # decides for 1, then for 0: the first of two
    loss = module.hard_distillation_loss(z, teacher, array(np.array([0, 2])))
    expected = -(np.log(0.5) + np.log(0.7)) / 4 - (np.log(0.3) + np.log(0.1)) / 4
    assert loss.item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ["soft_distillation_loss", "hard_distillation_loss"])
def test_teachers_term_takes_the_second_head(side, name):
    module, array = side
    first, second = array(np.array([[0.0, 0.0, 0.0]])), array(STUDENT)
    options = {"temperature": 1, "weight": 0.5} if name.startswith("soft") else {}
    loss = getattr(module, name)(first, array(TEACHER), array(np.array([1])), **options, distillation_logits=second)
    teachers = 0.3409 if options else np.log(np.exp(2) + 2 * np.exp(1)) - 2
    assert loss.item() == pytest.approx(0.5 * np.log(3) + 0.5 * teachers, abs=5e-5)  # of four digits


def test_soft_cross_entropy_by_hand(side):
    module, array = side
    p, t = np.array([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]]), np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    expected = -(0.5 * np.log(0.5) + 0.5 * np.log(0.25) + np.log(0.6)) / 2
    assert module.soft_cross_entropy(array(np.log(p)), array(t)).item() == pytest.approx(expected, rel=1e-12)


MILLIONS = {"Ti/16": (5.717, 5.911), "S/16": (22.051, 22.436), "B/16": (86.568, 87.338)}
BILLIONS = {"Ti/16": (1.254, 1.261), "S/16": (4.599, 4.624), "B/16": (17.564, 17.657)}


@pytest.mark.parametrize("name", MILLIONS)
def test_sizes_of_the_paper(name):
    options = {"image_size": 224, **sizes.PRESETS[name], "classes": 1000}
    counts = vit_sizes.parameter_count(**options), sizes.parameter_count(**options)
    assert tuple(round(count / 1e6, 3) for count in counts) == MILLIONS[name]
    costs = vit_sizes.multiply_adds(**options), sizes.multiply_adds(**options)
    assert tuple(round(cost / 1e9, 3) for cost in costs) == BILLIONS[name]
    with torch.device("meta"):
        model = pytorch.deit_preset(name)
    assert sum(p.numel() for p in model.parameters()) == sizes.parameter_count(**options)


def test_base_size_at_384_pixels():
    options = {"image_size": 384, **sizes.PRESETS["B/16"], "classes": 1000}
    assert round(vit_sizes.parameter_count(**options) / 1e6, 3) == 86.859
    assert round(vit_sizes.multiply_adds(**options) / 1e9, 3) == 55.484
    assert round(sizes.multiply_adds(**options) / 1e9, 3) == 55.591
    with torch.device("meta"):
        model = pytorch.deit_preset("B/16", image_size=384)
    assert sum(p.numel() for p in model.parameters()) == sizes.parameter_count(**options)


def test_tiny_size_can_be_made_on_both_sides(side):
    module, _ = side
    model = module.deit_preset("Ti/16", image_size=32, classes=7)
    expected = sizes.parameter_count(image_size=32, **sizes.PRESETS["Ti/16"], classes=7)
    assert NETS[module].count_parameters(model) == expected


def test_units_survive_less_and_less_often(side):
    module, _ = side
    network = module.stochastic_depth(NETS[module].ResNet(20, width=2), 0.1)
    got = [unit.survival for stage in network.stages for unit in stage]
    np.testing.assert_allclose(got, np.linspace(0.9, 0.1, 9), rtol=1e-12)


def test_pseudo_labels_of_four_images(side):
    module, array = side
    p = np.array([[0.5, 0.5, 0.0], [0.1, 0.2, 0.7], [0.3, 0.3, 0.4], [0.8, 0.1, 0.1]]).clip(1e-9)
    z = array(np.log(p) + np.arange(4.0)[:, None])  # a constant in a row changes nothing
    kept, targets = module.pseudo_labels(z, 0.5 - 1e-9)
    assert values(kept).tolist() == [0, 1, 3]
    np.testing.assert_allclose(values(targets), p[[0, 1, 3]], atol=1e-8)
    kept, targets = module.pseudo_labels(z, 0.45, soft=False)
    assert values(kept).tolist() == [0, 1, 3]
    assert values(targets).tolist() == [[1, 0, 0], [0, 0, 1], [1, 0, 0]], "of two equal the first"


def test_an_answer_exactly_at_the_threshold_is_kept(side):
    module, array = side
    kept, _ = module.pseudo_labels(array(np.zeros((2, 2))), 0.5)
    assert values(kept).tolist() == [0, 1]


def test_balance_cuts_the_frequent_and_copies_the_rare(side):
    module, array = side
    targets = array(np.array([[0.6, 0.4, 0], [0.9, 0.1, 0], [0.5, 0.5, 0], [0.2, 0.8, 0], [0.7, 0.3, 0]]))
    assert values(module.balance(targets, 2)).tolist() == [1, 4, 3, 3], "class 2 does not occur"
    assert values(module.balance(targets, 1)).tolist() == [1, 3]
    five = values(module.balance(targets, 5)).tolist()
    assert five[:4] == [1, 4, 0, 2]
    assert five[4] in (0, 1, 2, 4), "one of four is drawn again"
    assert five[5:] == [3] * 5

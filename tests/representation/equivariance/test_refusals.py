"""Shifts, votes, images, labels and poses that equivariance refuses."""

import numpy as np
import pytest

from tests.representation.equivariance.cases import SMALL


@pytest.mark.parametrize("shift", [(1.0, 0), (0, 0.5), (True, 0), ("1", 0), (0, None)])
def test_shifts_are_whole_numbers(side, shift):
    module, array = side
    with pytest.raises(TypeError, match="translate: expected a whole number of (rows|columns), got .*; pixels"):
        module.translate(array(np.zeros((2, 3, 3))), *shift)


def test_shifts_need_rows_and_columns(side):
    module, array = side
    with pytest.raises(ValueError, match=r"translate: expected images \(\.\.\., height, width\), got \(5,\)"):
        module.translate(array(np.zeros(5)), 1, 1)
    assert tuple(module.translate(array(np.zeros((3, 4))), np.int64(1), np.int32(2)).shape) == (3, 4)


def test_error_needs_something_to_be_relative_to_and_one_shape(side):
    module, array = side
    x = array(np.ones((1, 2, 2)))
    with pytest.raises(ValueError, match="equivariance_error: expected an f.x. that is not all 0, got a norm of 0"):
        module.equivariance_error(lambda a: 0 * a, x, lambda a: a)
    with pytest.raises(ValueError, match=r"of one shape, got \(1, 2, 2\) and \(1, 2\); does transform_output"):
        module.equivariance_error(lambda a: a, x, lambda a: a, lambda a: a[..., 0])


@pytest.mark.parametrize("name", ["squash", "capsule_lengths"])
def test_a_number_is_no_vector(side, name):
    module, array = side
    with pytest.raises(ValueError, match=rf"{name}: expected x \(\.\.\., dim\), got \(\)"):
        getattr(module, name)(array(np.array(1.0)))


@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 2, 3, 4, 5), (2, 0, 3, 4), (2, 3, 0, 4)])
def test_votes_are_four_dimensional(side, shape):
    module, array = side
    with pytest.raises(ValueError, match=r"dynamic_routing: expected votes \(batch, inputs, outputs, dim\)"):
        module.dynamic_routing(array(np.zeros(shape)))


def test_rounds_are_counted_from_one(side):
    module, array = side
    votes = array(np.zeros((1, 2, 3, 4)))
    with pytest.raises(ValueError, match="dynamic_routing: expected iterations of at least 1, got 0"):
        module.dynamic_routing(votes, 0)
    with pytest.raises(TypeError, match="dynamic_routing: expected a whole number of iterations, got 2.5"):
        module.dynamic_routing(votes, 2.5)
    with pytest.raises(ValueError, match="DigitCapsules: expected iterations of at least 1, got -1"):
        module.DigitCapsules(2, 3, 4, 5, iterations=-1)


def test_layers_refuse_sizes_that_make_no_sense_and_capsules_that_do_not_fit(side):
    module, array = side
    with pytest.raises(ValueError, match="PrimaryCapsules: expected .* of at least 1, got 1, 0, 8, 9 and 2"):
        module.PrimaryCapsules(1, 0, 8)
    with pytest.raises(ValueError, match="DigitCapsules: expected .* of at least 1, got 2, 3, 4 and 0"):
        module.DigitCapsules(2, 3, 4, 0)
    layer = module.DigitCapsules(6, 3, 4, 5)
    with pytest.raises(ValueError, match=r"DigitCapsules: expected u \(batch, 6, 4\), got \(2, 5, 4\); see inputs="):
        layer(array(np.zeros((2, 5, 4), np.float32)))


def test_an_image_too_small_is_told_the_smallest_that_fits(side):
    module, array = side
    with pytest.raises(ValueError, match="CapsNet: expected images of at least 17 x 17 pixels for two kernels of 9"):
        module.CapsNet(image_size=16)
    with pytest.raises(ValueError, match="CapsNet: expected two hidden layers"):
        module.CapsNet(**{**SMALL, "hidden": (5,)})
    with pytest.raises(ValueError, match="CapsNet: expected channels, classes and width of at least 1, got 1, 4 and 0"):
        module.CapsNet(**{**SMALL, "width": 0})
    net = module.CapsNet(**SMALL)
    with pytest.raises(ValueError, match=r"CapsNet: expected images \(batch, 1, 13, 13\), got \(2, 1, 14, 13\)"):
        net(array(np.zeros((2, 1, 14, 13), np.float32)))
    with pytest.raises(ValueError, match=r"reconstruct: expected capsules \(batch, 4, 5\) and labels \(batch,\)"):
        net.reconstruct(array(np.zeros((2, 4, 5), np.float32)), array(np.array([1, 2, 3])))


@pytest.mark.parametrize("labels", [[0, 4], [-1, 0], [0.0, 1.0], [True, False]])
def test_labels_without_a_capsule_are_refused(side, labels):
    module, array = side
    labels = array(np.array(labels))
    with pytest.raises(ValueError, match="margin_loss: expected integer labels from 0 to 3, got"):
        module.margin_loss(array(np.zeros((2, 4))), labels)
    with pytest.raises(ValueError, match="reconstruct: expected integer labels from 0 to 3, got"):
        module.CapsNet(**SMALL).reconstruct(array(np.zeros((2, 4, 5), np.float32)), labels)


def test_marks_are_zero_or_one(side):
    module, array = side
    with pytest.raises(ValueError, match=r"margin_loss: expected labels \(batch, classes\) of 0 and 1, got \[2\]"):
        module.margin_loss(array(np.zeros((1, 3))), array(np.array([[0, 2, 1]])))


@pytest.mark.parametrize(("lengths", "labels"), [((2, 3), (3,)), ((2, 3), (2, 4)), ((3,), (3,)), ((0, 3), (0,))])
def test_margin_loss_names_shapes_that_do_not_fit(side, lengths, labels):
    module, array = side
    with pytest.raises(ValueError, match=r"margin_loss: expected lengths \(batch, classes\)"):
        module.margin_loss(array(np.zeros(lengths)), array(np.zeros(labels, int)))


def test_margins_stand_in_their_order(side):
    module, array = side
    given = array(np.zeros((1, 3))), array(np.array([0]))
    with pytest.raises(ValueError, match="expected m_minus up to m_plus 0.1, got 0.9; exchange them"):
        module.margin_loss(*given, m_plus=0.1, m_minus=0.9)
    with pytest.raises(ValueError, match="expected m_plus and m_minus from 0 to 1, got 1.5 and 0.1"):
        module.margin_loss(*given, m_plus=1.5)
    with pytest.raises(ValueError, match="margin_loss: expected weight of at least 0, got -1"):
        module.margin_loss(*given, weight=-1)


def test_reconstructions_look_like_their_images(side):
    module, array = side
    with pytest.raises(ValueError, match=r"reconstruction_loss: expected reconstruction .*\(2, 4\) and \(2, 5\)"):
        module.reconstruction_loss(array(np.zeros((2, 4))), array(np.zeros((2, 5))))
    with pytest.raises(ValueError, match=r"expected at least one image \(batch, \.\.\.\), got \(0, 4\)"):
        module.reconstruction_loss(array(np.zeros((0, 4))), array(np.zeros((0, 4))))
    with pytest.raises(ValueError, match="reconstruction_loss: expected weight of at least 0, got -0.1"):
        module.reconstruction_loss(array(np.zeros((2, 4))), array(np.zeros((2, 4))), weight=-0.1)


def test_poses_are_three_by_three_and_relations_can_be_undone(side):
    module, array = side
    with pytest.raises(ValueError, match=r"pose_votes: expected part_poses \(batch, parts, 3, 3\)"):
        module.pose_votes(array(np.zeros((1, 2, 2, 3))), array(np.zeros((2, 3, 3))))
    with pytest.raises(ValueError, match="where parts is both 2 and 3"):
        module.pose_votes(array(np.zeros((1, 2, 3, 3))), array(np.zeros((3, 3, 3))))
    relations = np.stack([np.eye(3), np.diag([1.0, 0, 1])])
    with pytest.raises(ValueError, match=r"expected relations that have an inverse, got none for parts \[1\]"):
        module.pose_votes(array(np.ones((1, 2, 3, 3))), array(relations))
    with pytest.raises(ValueError, match=r"vote_disagreement: expected votes \(batch, parts, 3, 3\) with parts of"):
        module.vote_disagreement(array(np.zeros((1, 0, 3, 3))))

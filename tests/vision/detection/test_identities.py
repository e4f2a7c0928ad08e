"""What coding, suppression and pooling keep, limits, gradients by differences, and training."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mylib import data, engine
from mylib.vision.detection import pytorch, scratch
from tests.timing import growth
from tests.vision.detection.cases import SIDES, random_boxes, random_proposals, random_rois, scenes


@given(seed=st.integers(0, 1000))
def test_decoding_undoes_encoding(seed):
    rng = np.random.default_rng(seed)
    boxes, references = random_boxes(rng, 2, 5), random_boxes(rng, 2, 5)
    for module, array in SIDES.values():
        deltas = module.encode_boxes(array(boxes), array(references))
        np.testing.assert_allclose(module.decode_boxes(deltas, array(references)), boxes, rtol=1e-9, atol=1e-9)


def test_deltas_do_not_change_when_image_and_boxes_are_enlarged_or_moved(side):
    module, array = side
    rng = np.random.default_rng(2)
    boxes, references = random_boxes(rng, 6), random_boxes(rng, 6)
    moved = [array(3.5 * values + 11) for values in (boxes, references)]
    np.testing.assert_allclose(
        module.encode_boxes(*moved),
        module.encode_boxes(array(boxes), array(references)),
        rtol=1e-9,
        atol=1e-9,
    )


def test_wild_deltas_decode_to_large_finite_boxes(side):
    module, array = side
    got = np.asarray(module.decode_boxes(array(np.array([0.0, 0, 900, 900])), array(np.array([0.0, 0, 2, 2]))))
    np.testing.assert_allclose(got[2:] - got[:2], [125, 125])


def test_clipping_leaves_what_is_inside_and_empties_what_is_outside(side):
    module, array = side
    boxes = array(np.array([[1.0, 2, 3, 4], [-9, -9, -5, 99], [-5, 5, 99, 99], [25, 21, 27, 99]]))
    got = module.clip_boxes(boxes, height=20, width=30)
    assert got.tolist() == [[1, 2, 3, 4], [0, 0, 0, 20], [0, 5, 30, 20], [25, 20, 27, 20]]


def test_nms_of_nms_changes_nothing_and_thresholds_at_the_ends_are_limits(side):
    module, array = side
    rng = np.random.default_rng(4)
    boxes, scores = random_boxes(rng, 30), rng.random(30)
    kept = np.asarray(module.nms(array(boxes), array(scores), 0.3))
    assert module.nms(array(boxes[kept]), array(scores[kept]), 0.3).tolist() == list(range(len(kept)))
    assert module.nms(array(boxes), array(scores), 1.0).tolist() == np.argsort(-scores).tolist()
    overlap = scratch.iou(boxes[np.asarray(module.nms(array(boxes), array(scores), 0.0))], boxes)
    assert (overlap > 0).any(axis=0).all(), "every box touches a kept one"


def test_pooling_the_whole_map_into_its_own_size_changes_nothing(side):
    module, array = side
    features = np.random.default_rng(5).normal(size=(2, 3, 6, 5))
    boxes = array(np.array([[0.0, 0, 0, 40, 48], [1, 0, 0, 40, 48]]))
    got = module.roi_pool(array(features), boxes, (6, 5), 1 / 8)
    np.testing.assert_array_equal(np.asarray(getattr(got, "data", got)), features)


def test_pooling_into_one_bin_is_the_maximum_of_the_box(side):
    module, array = side
    features = np.random.default_rng(6).normal(size=(1, 2, 9, 9))
    got = module.roi_pool(array(features), array(np.array([[0.0, 2, 3, 7, 8]])), 1, 1.0)
    np.testing.assert_array_equal(
        np.asarray(getattr(got, "data", got))[0, :, 0, 0], features[0, :, 3:8, 2:7].max(axis=(1, 2))
    )


def test_fast_rcnn_on_a_crop_of_its_own_equals_pooling_by_hand():
    # One proposal that is the whole image: RoI pooling is then max pooling of the backbone's map.
    images = scenes(2)[0].astype(np.float64)
    model = scratch.FastRCNN(3, 4).double().eval()
    whole = np.tile([[[0.0, 0, 64, 64]]], (2, 1, 1))
    expected = model.head(engine.max_pool2d(model.backbone(images), 4))
    for got, wanted in zip(model(images, whole), expected, strict=True):
        np.testing.assert_allclose(got.numpy()[:, 0], wanted.numpy(), rtol=1e-9)


def test_rcnn_warps_a_region_of_its_own_size_to_itself(side):
    module, array = side
    images = scenes(1)[0].astype(np.float64)
    got = module.RCNN().warp(array(images), array(np.array([[0.0, 8, 4, 40, 36]])))
    np.testing.assert_allclose(np.asarray(getattr(got, "data", got))[0], images[0, :, 4:36, 8:40], rtol=1e-12)


def test_selective_search_returns_the_hierarchy_of_its_regions(side):
    module, array = side
    image = data.photograph("cat", height=48, width=64)
    regions = np.asarray(module.felzenszwalb(array(image), 100, 20)).max() + 1
    boxes = np.asarray(module.selective_search(array(image), 100, 20))
    assert len(np.unique(boxes, axis=0)) == len(boxes) <= 2 * regions - 1
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    assert (boxes >= 0).all()
    assert (boxes <= [64, 48, 64, 48]).all()


def test_segmentation_takes_time_of_about_n_log_n(side):
    """Four times the pixels take about four times as long; a million small lists took nine times, to be collected."""
    module, array = side

    def run(pixels):
        module.felzenszwalb(array(np.tile(np.linspace(0, 1, 128), (pixels // 128, 1))), 100, 20)

    assert growth(run, 128 * 128) < 6.5


@given(seed=st.integers(0, 1000), size=st.sampled_from([1, 2, (3, 2)]))
def test_pooling_gradient_agrees_with_differences(seed, size):
    # A permutation has no ties, and its neighbours are further apart than the step of the differences.
    rng = np.random.default_rng(seed)
    features, rois = rng.permutation(2 * 2 * 6 * 5).reshape(2, 2, 6, 5) / 10, random_rois(rng, 4, 2, 24)
    engine.gradcheck(lambda x: scratch.roi_pool(x, rois, size, 0.25), features)


@pytest.mark.parametrize("name", ["RCNN", "FastRCNN"])
def test_head_gradients_agree_with_differences(name):
    images, truth, labels = scenes(1)
    model = getattr(scratch, name)(10, 2).double().eval()
    proposals = random_proposals(images, 3).astype(float)
    weight = model.head.classify.weight.data.copy()

    def loss(w):
        scores = engine.matmul(model_features(model, images, proposals), engine.permute(w, 1, 0))
        return engine.cross_entropy(scores + model.head.classify.bias, [1, 0, 3])

    engine.gradcheck(loss, weight)


def model_features(model, images, proposals):
    rois = np.concatenate([np.zeros((3, 1)), proposals[0]], axis=1)
    return engine.relu(model.head.hidden(model.pool(images.astype(np.float64), rois).flatten(1)))


def test_a_detector_learns_a_few_scenes_by_heart():
    images, truth, labels = scenes(4)
    for module, array, optimizer in (
        (scratch, np.asarray, engine.optim.Adam),
        (pytorch, torch.tensor, torch.optim.Adam),
    ):
        engine.manual_seed(0)
        torch.manual_seed(0)
        model = module.FasterRCNN(10, 8)
        step = optimizer(model.parameters(), 5e-3)
        losses = []
        for _ in range(40):
            step.zero_grad()
            loss = model.loss(array(images), array(truth), array(labels))
            loss.backward()
            step.step()
            losses.append(loss.item())
        assert losses[-1] < 0.4 * losses[0]


def test_empty_lists_of_boxes_have_a_defined_result(side):
    module, array = side
    none, one = array(np.zeros((0, 4))), array(np.array([[0.0, 0, 2, 2]]))
    assert tuple(module.iou(none, one).shape) == (0, 1)
    assert module.nms(none, array(np.zeros(0)), 0.5).tolist() == []
    assert tuple(module.roi_pool(array(np.zeros((1, 3, 4, 4))), array(np.zeros((0, 5))), 2, 1.0).shape) == (
        0,
        3,
        2,
        2,
    )
    wrap = engine.Tensor if module is scratch else torch.tensor
    features = wrap(np.ones((1, 3, 4, 4)), requires_grad=True)
    module.roi_pool(features, array(np.zeros((0, 5))), 2, 1.0).sum().backward()
    assert not np.asarray(features.grad).any()
    assigned, deltas = module.assign_targets(one, none, array(np.zeros(0, int)))
    assert assigned.tolist() == [0]
    assert deltas.tolist() == [[0, 0, 0, 0]]
    found = [(none, array(np.zeros(0)), array(np.zeros(0, int)))]
    assert module.average_precision(found, [(one, array(np.array([1])))], [0.5]).tolist() == [0.0]


@pytest.mark.parametrize("name", ["RCNN", "FastRCNN"])
def test_no_proposals_mean_no_detections_and_training_on_the_objects_alone(side, name):
    module, array = side
    images, truth, labels = scenes(2)
    model, none = getattr(module, name)(10, 4), array(np.zeros((2, 0, 4), np.float32))
    loss = model.loss(array(images), array(truth), array(labels), none)
    assert 0 < loss.item() < np.inf
    found = model.eval().detect(array(images), none)
    assert [[tuple(values.shape) for values in one] for one in found] == [[(0, 4), (0,), (0,)]] * 2


def test_a_region_outside_the_picture_pools_the_nearest_cells(side):
    module, array = side
    features = array(np.arange(16.0).reshape(1, 1, 4, 4))
    got = module.roi_pool(features, array(np.array([[0.0, 100, -50, 120, -40]])), 1, 1.0)
    assert np.asarray(getattr(got, "data", got)).item() == 3, "the corner at the top right"


def test_images_smaller_than_the_receptive_field_are_searched_all_the_same(side):
    module, array = side
    model = module.FasterRCNN(3, 4).eval()
    found = model.detect(array(np.random.default_rng(0).random((1, 3, 9, 11)).astype(np.float32)), least_score=0.0)
    boxes = np.asarray(found[0][0])
    assert len(boxes)
    assert (boxes >= 0).all()
    assert (boxes <= [11, 9, 11, 9]).all()


def test_a_picture_without_objects_trains_the_background(side):
    module, array = side
    model = module.FasterRCNN(3, 4)
    images = scenes(2)[0]
    loss = model.loss(array(images), array(np.zeros((2, 1, 4), np.float32)), array(np.full((2, 1), -1)))
    loss.backward()
    assert np.isfinite(loss.item())
    assert loss.item() > 0

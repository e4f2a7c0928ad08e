"""What curriculum_labels refuses, and with which words."""

import numpy as np
import pytest
import torch

from tests.few_labels.curriculum_labels.cases import linear_model, sets, sgd, small_run

NAN = float("nan")


@pytest.mark.parametrize("name", ["weak_augment", "strong_augment"])
def test_views_refuse_shapes_and_whole_numbers(side, name):
    module, make = side
    view, rng = getattr(module, name), np.random.default_rng(0)
    with pytest.raises(
        ValueError, match=rf"{name}: expected images \(batch, channels, height, width\).*got \(2, 3, 4\)"
    ):
        view(make(np.ones((2, 3, 4))), rng)
    with pytest.raises(ValueError, match="add the missing axes"):
        view(make(np.ones((0, 1, 3, 4))), rng)
    with pytest.raises(TypeError, match=f"{name}: expected floating-point images.* got integers; divide by 255"):
        view(make(np.ones((2, 1, 3, 4), np.uint8)), rng)


def test_strong_views_refuse_numbers_out_of_range(side):
    module, make = side
    images, rng = make(np.ones((2, 1, 6, 6))), np.random.default_rng(0)
    for operations in (-1, 6):
        with pytest.raises(ValueError, match=f"expected operations from 0 to 5, got {operations}; there are so many"):
            module.strong_augment(images, rng, operations)
    with pytest.raises(ValueError, match="expected a whole number of operations, got 1.5"):
        module.strong_augment(images, rng, 1.5)
    for cutout in (-0.1, 1.1, NAN):
        with pytest.raises(ValueError, match=f"expected cutout from 0 to 1, got {cutout}; it is a share"):
            module.strong_augment(images, rng, cutout=cutout)


def test_losses_refuse_shapes(side):
    module, make = side
    z = make(np.zeros((4, 3)))
    with pytest.raises(ValueError, match=r"entropy: expected logits \(n, classes\).* got \(3,\); give one row"):
        module.entropy(z[0])
    with pytest.raises(ValueError, match=r"logits_strong \(n, classes\).*where n is both 4 and 3; give both views"):
        module.consistency_loss(z, z[:3])
    with pytest.raises(ValueError, match=r"threshold \(classes,\).*where classes is both 3 and 2"):
        module.consistency_loss(z, z, make([0.5, 0.5]))
    with pytest.raises(ValueError, match="n and classes of at least 1"):
        module.consistency_loss(z[:0], z[:0])
    with pytest.raises(ValueError, match=r"l2_consistency_loss: .*pseudo_labels \(n, classes\).*both 3 and 2"):
        module.l2_consistency_loss(z, z[:, :2])


@pytest.mark.parametrize("threshold", [-0.1, 1.5, NAN])
def test_thresholds_outside_of_0_to_1_are_refused(side, threshold):
    module, make = side
    z = make(np.zeros((4, 3)))
    words = f"consistency_loss: expected threshold from 0 to 1, got {threshold}; a probability is compared with it"
    for given in (threshold, make([0.5, threshold, 0.5])):
        with pytest.raises(ValueError, match=words):
            module.consistency_loss(z, z, given)
    with pytest.raises(ValueError, match=f"flexible_threshold: expected threshold from 0 to 1, got {threshold}"):
        module.flexible_threshold(make([0.5]), threshold)
    with pytest.raises(ValueError, match=f"FlexMatch: expected threshold from 0 to 1, got {threshold}"):
        small_run(module, threshold=threshold)


@pytest.mark.parametrize("temperature", [0, -1.0, NAN])
def test_temperatures_must_be_above_0(side, temperature):
    module, make = side
    z = make(np.zeros((4, 3)))
    with pytest.raises(ValueError, match=f"expected temperature above 0, got {temperature}; UDA takes 0.4"):
        module.consistency_loss(z, z, hard=False, temperature=temperature)
    with pytest.raises(ValueError, match=f"FlexMatch: expected temperature above 0, got {temperature}"):
        small_run(module, temperature=temperature)


def test_soft_labels_must_sum_to_1(side):
    module, make = side
    z = make(np.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"rows of pseudo_labels that sum to 1, got a sum of 1.2; take the softmax"):
        module.l2_consistency_loss(z, make([[0.5, 0.5], [0.6, 0.6]]))
    with pytest.raises(ValueError, match="got a sum of 0.8"):
        module.l2_consistency_loss(z, make([[0.5, 0.5], [0.4, 0.4]]))
    with pytest.raises(ValueError, match="got a sum of nan"):
        module.l2_consistency_loss(z, make([[0.5, NAN], [0.5, 0.5]]))
    assert np.isfinite(module.l2_consistency_loss(z, make([[0.5, 0.50005], [0.5, 0.5]])).item())


def test_what_is_remembered_lies_between_minus_1_and_the_last_class(side):
    module, make = side
    for bad in (-2, 3):
        with pytest.raises(
            ValueError, match=f"expected remembered from -1 to 2, got {bad}; -1 stands for an image not"
        ):
            module.learning_effect(make([0, bad, 1]), 3)
    with pytest.raises(TypeError, match="learning_effect: expected integers, got others"):
        module.learning_effect(make([0.0, 1.0]), 3)
    with pytest.raises(ValueError, match=r"expected remembered \(n,\), got \(1, 2\)"):
        module.learning_effect(make([[0, 1]]), 3)
    with pytest.raises(ValueError, match="expected classes of at least 1, got 0"):
        module.learning_effect(make([-1]), 0)


def test_counts_and_shares_out_of_range_are_refused(side):
    module, make = side
    with pytest.raises(ValueError, match="normalised_effect: expected counts of at least 0, got -1"):
        module.normalised_effect(make([2, -1]))
    for unused in (-3, make(-3)):
        with pytest.raises(ValueError, match="expected unused of at least 0, got -3; no class has more images than"):
            module.normalised_effect(make([2, 1]), unused)
    with pytest.raises(ValueError, match=r"expected counts \(classes,\) with classes of at least 1, got \(0,\)"):
        module.normalised_effect(make(np.zeros(0, int)))
    for bad in (-0.5, 1.5, NAN):
        with pytest.raises(ValueError, match=f"flexible_threshold: expected effect from 0 to 1, got {bad}"):
            module.flexible_threshold(make([0.5, bad]))
    with pytest.raises(ValueError, match="mapping of 'convex' or 'linear' or 'concave', got 'square'"):
        module.flexible_threshold(make([0.5]), mapping="square")


def test_runs_refuse_numbers_out_of_range(side):
    module, _ = side
    for options, words in (
        ({"batch_size": 0}, "expected batch_size of at least 1, got 0"),
        ({"ratio": 0}, "expected ratio of at least 1, got 0"),
        ({"ratio": 1.5}, "expected a whole ratio, got 1.5"),
        ({"weight": -1}, "expected weight of at least 0, got -1"),
        ({"decay": 1.1}, "expected decay from 0 to 1, got 1.1"),
        ({"mapping": "none"}, "expected mapping of 'convex' or"),
    ):
        with pytest.raises(ValueError, match=f"FlexMatch: {words}"):
            small_run(module, **options)


def test_runs_refuse_sets_that_do_not_fit(side):
    module, make = side
    (images, labels), unlabelled, _ = sets()
    model = linear_model(module)

    def run(images=images, labels=labels, unlabelled=unlabelled):
        return module.FlexMatch(model, sgd(module, model), (images, labels), unlabelled)

    with pytest.raises(ValueError, match=r"labels \(m,\).*where m is both 8 and 7; labelled is a pair"):
        run(labels=labels[:7])
    with pytest.raises(ValueError, match="where height is both 8 and 6"):
        run(unlabelled=unlabelled[:, :, :6])
    with pytest.raises(ValueError, match="n of at least 1|m and n of at least 1"):
        run(unlabelled=unlabelled[:0])
    for bad in (-1, 3):
        with pytest.raises(ValueError, match=f"expected labels from 0 to 2, got {bad}; the model tells 3 classes"):
            run(labels=np.array([0, 1, 2, 0, 1, 2, 0, bad]))
    with pytest.raises(TypeError, match="FlexMatch: expected labels that are integers"):
        run(labels=labels.astype(float))
    for whole in ({"images": np.ones((8, 1, 8, 8), int)}, {"unlabelled": np.ones((9, 1, 8, 8), np.uint8)}):
        with pytest.raises(TypeError, match="FlexMatch: expected floating-point images .* got integers; divide by 255"):
            run(**whole)


def test_large_logits_are_no_reason_to_refuse(side):
    module, make = side
    z = make(np.array([[1000.0, -1000.0], [0.0, 5000.0]]))
    assert module.entropy(z).numpy().tolist() == [0, 0]
    loss, used = module.consistency_loss(z, z, threshold=0.99)
    assert (loss.item(), np.asarray(used).tolist()) == (0, [True, True])
    assert torch.isfinite(torch.tensor(module.consistency_loss(z, -1 * z, hard=False)[0].item()))

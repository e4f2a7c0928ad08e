"""curriculum_labels against closed forms, limits, and Algorithm 1 read line by line."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mylib.few_labels.curriculum_labels import pytorch, scratch
from mylib.few_labels.curriculum_labels.draws import draw_batch
from mylib.few_labels.curriculum_labels.views import KINDS, draw_shifts, draw_strong
from tests.few_labels.curriculum_labels.cases import RNG, by_the_book, linear_model, sets, sgd, small_run, tracked
from tests.twins import array, share_random_weights

# entropy and consistency


def test_the_gradient_of_entropy_is_minus_p_log_p_plus_h(side):
    module, _ = side
    logits = tracked(module, RNG(0).normal(0, 2, (6, 4)))
    module.entropy(logits).sum().backward()
    p = np.exp(RNG(0).normal(0, 2, (6, 4)))
    p /= p.sum(axis=1, keepdims=True)
    h = -(p * np.log(p)).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(array(logits.grad), -p * (np.log(p) + h), rtol=1e-10, atol=1e-14)


def test_the_gradient_of_a_pseudo_label_is_p_minus_its_one_hot_form(side):
    module, make = side
    values = RNG(1).normal(0, 2, (6, 4))
    logits = tracked(module, values)
    module.consistency_loss(logits, logits, threshold=0.0)[0].backward()
    p = np.exp(values)
    p /= p.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(array(logits.grad), (p - np.eye(4)[values.argmax(axis=1)]) / 6, rtol=1e-10, atol=1e-14)


def test_entropy_lies_between_nought_and_log_classes_and_does_not_move_with_a_constant(side):
    module, make = side
    logits = np.array([[0.0, 0, 0], [1000, 0, -1000], [-1000, -1000, -1000], [3, 1, 2]])
    got = array(module.entropy(make(logits)))
    np.testing.assert_allclose(got[[0, 1, 2]], [np.log(3), 0, np.log(3)], rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(array(module.entropy(make(logits + 1000))), got, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("hard", [True, False])
def test_no_gradient_reaches_the_label_or_an_image_that_is_not_used(side, hard):
    module, _ = side
    weak, strong = (tracked(module, values) for values in RNG(2).normal(0, 2, (2, 30, 4)))
    loss, used = module.consistency_loss(weak, strong, 0.8, hard)
    loss.backward()
    assert weak.grad is None or not array(weak.grad).any()
    changed = array(strong.grad).any(axis=1)
    np.testing.assert_array_equal(changed, array(used))
    assert 3 < array(used).sum() < 27


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.integers(0, 60))
def test_lines_6_to_10_are_one_formula(sigma, unused):
    beta = [s / unused for s in sigma] if max(sigma) < unused else [s / max(max(sigma), 1) for s in sigma]
    for module, make in ((scratch, np.array), (pytorch, torch.tensor)):
        np.testing.assert_allclose(array(module.normalised_effect(make(sigma), unused)), beta, rtol=1e-12)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8), st.floats(0, 1))
def test_mappings_rise_from_0_to_1_and_lie_in_their_order(values, tau):
    x = np.sort([0.0, *values, 1.0])
    for module, make in ((scratch, np.array), (pytorch, torch.tensor)):
        convex, linear, concave = (
            array(module.flexible_threshold(make(x), tau, kind)) for kind in ("convex", "linear", "concave")
        )
        for rising in (convex, linear, concave):
            assert rising[0] == 0
            assert rising[-1] == pytest.approx(tau)
            assert (np.diff(rising) >= -1e-15).all()
        assert (convex <= linear + 1e-15).all()
        assert (linear <= concave + 1e-15).all()


def test_one_threshold_for_all_classes_is_that_threshold(side):
    module, make = side
    weak, strong = map(make, RNG(3).normal(0, 2, (2, 20, 5)))
    one, each = (module.consistency_loss(weak, strong, t) for t in (0.7, make(np.full(5, 0.7))))
    assert one[0].item() == each[0].item()
    np.testing.assert_array_equal(array(one[1]), array(each[1]))


def test_soft_targets_become_hard_as_their_temperature_falls(side):
    module, make = side
    weak, strong = map(make, RNG(4).normal(0, 2, (2, 20, 5)))
    hard = module.consistency_loss(weak, strong, 0.5)[0].item()
    soft = module.consistency_loss(weak, strong, 0.5, hard=False, temperature=1e-3)[0].item()
    assert soft == pytest.approx(hard, rel=1e-12)


def test_l2_consistency_of_a_guess_with_itself_is_0_and_labels_get_no_gradient(side):
    module, make = side
    logits = RNG(5).normal(size=(7, 3))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert module.l2_consistency_loss(make(logits), make(p)).item() == pytest.approx(0, abs=1e-30)
    labels = tracked(module, p)
    module.l2_consistency_loss(tracked(module, logits), labels)
    assert labels.grad is None


# views


def test_views_leave_images_alone_and_repeat_with_their_generator(side):
    module, make = side
    images = RNG(6).random((5, 1, 28, 28)).astype(np.float32)
    for view in (module.weak_augment, module.strong_augment):
        given_images = make(images.copy())
        first, again, other = (array(view(given_images, RNG(seed))) for seed in (1, 1, 2))
        np.testing.assert_array_equal(array(given_images), images)
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()
        assert first.dtype == np.float32
        assert 0 <= first.min() <= first.max() <= 1


def test_a_strong_view_of_nothing_is_the_weak_view(side):
    module, make = side
    images = make(RNG(7).random((6, 2, 11, 16)))
    weak = array(module.weak_augment(images, RNG(8)))
    strong = array(module.strong_augment(images, RNG(8), operations=0, cutout=0))
    np.testing.assert_allclose(strong, weak, rtol=0, atol=1e-12)


def test_pixels_that_shift_in_are_black_and_none_is_lost_within(side):
    module, make = side
    images = np.zeros((200, 1, 28, 28))
    images[:, :, 2:26, 2:26] = RNG(9).random((200, 1, 24, 24))
    views = array(module.weak_augment(make(images), RNG(10)))
    np.testing.assert_allclose(views.sum(axis=(1, 2, 3)), images.sum(axis=(1, 2, 3)), rtol=1e-12)


def test_every_shift_and_every_set_of_operations_is_drawn_equally_often():
    down, right = draw_shifts(RNG(11), 10_000, 28, 28)
    assert stats.chisquare(np.bincount(5 * (down + 2) + right + 2, minlength=25)).pvalue > 1e-4
    views = draw_strong(RNG(12), 10_000, 28, 28, 2, 0.36)
    done = np.stack([views.angle != 0, views.shear != 0, views.zoom != 1, views.contrast != 1, views.blur != 0])
    assert (done.sum(axis=0) == 2).all()
    sets_of_two = np.bincount((done * 2 ** np.arange(5)[:, None]).sum(axis=0))
    assert stats.chisquare(sets_of_two[sets_of_two > 0]).pvalue > 1e-4
    assert (sets_of_two > 0).sum() == 10
    assert len(KINDS) == 5
    assert np.degrees(np.abs(views.angle)).max() <= 30
    assert np.abs(views.shear).max() <= 0.3
    assert np.abs(np.log(views.zoom)).max() <= 0.25
    assert views.contrast.min() >= 0.5
    assert views.contrast.max() <= 1.4
    assert 0 <= views.blur.min() <= views.blur.max() <= 1
    assert views.top.min() == views.left.min() == 0
    assert views.top.max() == views.left.max() == 18


def test_batches_hold_nothing_twice_where_there_is_enough():
    chosen, positions = draw_batch(RNG(13), 40, 100, 32, 3)
    assert len(set(chosen.tolist())) == 32
    assert len(set(positions.tolist())) == 96
    chosen, positions = draw_batch(RNG(14), 5, 20, 32, 3)
    assert len(chosen) == 32
    assert set(chosen.tolist()) == set(range(5))
    assert len(positions) == 96
    assert positions.max() == 19


@pytest.mark.parametrize(("known", "unknown", "size"), [(5, 9, 3), (5, 9, 5), (2, 9, 8), (9, 2, 8), (1, 1, 4)])
def test_batches_repeat_an_image_only_where_there_are_too_few(known, unknown, size):
    for positions, count in zip(draw_batch(RNG(0), known, unknown, size, 1), (known, unknown), strict=True):
        assert positions.shape == (size,)
        assert set(positions) <= set(range(count))
        assert count < size or len(set(positions)) == size


# the algorithm


def random_weights():
    """Of `linear_model`, the same for both sides."""
    model = linear_model(pytorch)
    share_random_weights(linear_model(scratch), model, np.float32)
    return model.state_dict()


def logits_of(run):
    """What the model says of the weak views that its next step will look at, and where these stand."""
    rng = RNG(0)
    rng.bit_generator.state = run.rng.bit_generator.state
    module = scratch if isinstance(run, scratch.FlexMatch) else pytorch
    chosen, positions = draw_batch(rng, len(run.images), len(run.remembered), run.batch_size, run.ratio)
    module.weak_augment(run.images[chosen], rng)
    logits = array(run.model(module.weak_augment(run.unlabelled[positions], rng)))
    q = np.exp(logits - logits.max(axis=1, keepdims=True))
    return q / q.sum(axis=1, keepdims=True), positions


@pytest.mark.parametrize("warm_up", [True, False])
def test_steps_follow_algorithm_1_line_by_line(side, warm_up):
    module, _ = side
    run = small_run(module, threshold=0.55, warm_up=warm_up)
    seen = set()
    for _ in range(12):
        q, positions = logits_of(run)
        before = array(run.remembered)
        thresholds, remembered, used = by_the_book(before, q, positions, 0.55, warm_up)
        np.testing.assert_allclose(array(run.thresholds()), thresholds, rtol=1e-6)
        numbers = run.step()
        np.testing.assert_array_equal(array(run.remembered), remembered)
        np.testing.assert_array_equal(array(run.guesses.used), used)
        np.testing.assert_array_equal(array(run.guesses.labels), q.argmax(axis=1))
        np.testing.assert_array_equal(array(run.guesses.positions), positions)
        assert float(numbers["used"]) == pytest.approx(used.mean(), abs=1e-6)
        seen.add(len(set(array(run.remembered).tolist())))
        assert ((before == -1) | (array(run.remembered) >= 0)).all()  # nothing is ever erased
    assert len(seen) > 1


def test_at_first_everything_passes_and_of_a_fixed_threshold_almost_nothing(side):
    module, _ = side
    for warm_up in (True, False):
        run = small_run(module, threshold=0.95, warm_up=warm_up)
        assert array(run.thresholds()).tolist() == [0, 0, 0]
        assert float(run.step()["used"]) == 1
    fixed = small_run(module, threshold=0.95, curriculum=False)
    assert array(fixed.thresholds()) == pytest.approx([0.95] * 3)
    assert float(fixed.step()["used"]) < 0.5
    assert (array(fixed.remembered) == -1).all()  # nobody asks


def test_of_an_image_drawn_twice_the_last_sure_guess_is_remembered(side):
    """Five unlabelled images, twelve drawn: every step has some of them twice, with other views."""
    module, _ = side
    labelled, _, _ = sets()
    noise = RNG(15).random((5, 1, 8, 8), dtype=np.float32)  # a shift by a pixel changes the guess
    model = linear_model(module)
    model.load_state_dict({name: 10 * value for name, value in random_weights().items()})
    run = module.FlexMatch(
        model, sgd(module, model, 1e-3), labelled, noise, batch_size=4, ratio=3, threshold=0.4, seed=1
    )
    twice = 0
    for _ in range(15):
        q, positions = logits_of(run)
        _, remembered, _ = by_the_book(array(run.remembered), q, positions, 0.4)
        run.step()
        np.testing.assert_array_equal(array(run.remembered), remembered)
        sure = q.max(axis=1) > 0.4
        guesses = {
            n: {g for m, g in zip(positions[sure], q.argmax(axis=1)[sure], strict=True) if m == n} for n in range(5)
        }
        twice += any(len(one) > 1 for one in guesses.values())
    assert twice > 0


def test_a_curriculum_whose_classes_are_all_learned_is_fixmatch(side):
    module, _ = side
    runs = [small_run(module, seed=3, curriculum=curriculum) for curriculum in (True, False)]
    runs[1].model.load_state_dict(runs[0].model.state_dict())
    even = array(runs[0].remembered) * 0 + np.resize(np.arange(3), 40)
    even[-1] = 0
    for _ in range(4):
        # 13 images of each class and one too many: all but one class at 13 / 14; so one image less
        runs[0].unlabelled, runs[1].unlabelled = runs[0].unlabelled[:39], runs[1].unlabelled[:39]
        runs[0].remembered = even[:39] if module is scratch else torch.tensor(even[:39])
        runs[1].remembered = runs[0].remembered * 0 - 1
        np.testing.assert_allclose(array(runs[0].thresholds()), 0.6, rtol=1e-12)
        one, two = (run.step() for run in runs)
        assert {key: float(value) for key, value in one.items()} == {key: float(value) for key, value in two.items()}
        np.testing.assert_array_equal(array(runs[0].guesses.used), array(runs[1].guesses.used))
    weights = [run.model.state_dict() for run in runs]
    for name in weights[0]:
        np.testing.assert_array_equal(array(weights[0][name]), array(weights[1][name]))


@pytest.mark.parametrize(
    "options",
    [
        {"strong": False},
        {"strong": False, "curriculum": False},
        {"hard": False, "temperature": 0.4},
        {"hard": False, "temperature": 0.4, "curriculum": False},
        {},
        {"curriculum": False},
    ],
)
def test_all_six_rows_of_the_table_learn(side, options):
    module, make = side
    model = linear_model(module)
    model.load_state_dict(random_weights())
    # At full weight the flexible ones learn one class for all from their own first guesses, as often as not.
    run = small_run(module, model=model, threshold=0.8, rate=0.03, decay=0.9, weight=0.3, **options)
    _, unlabelled, truth = sets()
    history = [run.step() for _ in range(150)]
    assert all(np.isfinite(float(one["loss"])) for one in history)
    guesses = array(run.average(make(unlabelled))).argmax(axis=1)
    assert (guesses == truth).mean() > 0.8  # chance 1 / 3


def test_without_weight_it_is_learning_from_labels_alone(side):
    module, _ = side
    runs = [small_run(module, seed=2, weight=0.0, curriculum=False, threshold=t, rate=0.2) for t in (0.0, 1.0)]
    runs[1].model.load_state_dict(runs[0].model.state_dict())
    for _ in range(3):
        one, two = (run.step() for run in runs)
        assert float(one["loss"]) == pytest.approx(float(two["supervised"]), rel=1e-6)
        assert (float(one["used"]), float(two["used"])) == (1, 0)


def test_the_average_follows_with_its_decay(side):
    module, _ = side
    run = small_run(module, decay=0.75)
    before = {name: array(value).copy() for name, value in run.average.state_dict().items()}
    run.step()
    for name, value in run.model.state_dict().items():
        expected = 0.75 * before[name] + 0.25 * array(value)
        np.testing.assert_allclose(array(run.average.state_dict()[name]), expected, rtol=1e-5, atol=1e-7)


def test_a_step_trains_in_training_mode_and_building_a_run_changes_no_mode(side):
    module, _ = side
    model = linear_model(module)
    model.eval()
    run = small_run(module, model=model)
    assert not model.training
    run.step()
    assert model.training


def test_a_batch_of_one_and_two_classes(side):
    module, _ = side
    labelled, unlabelled, _ = sets(classes=2)
    model = linear_model(module, classes=2)
    run = module.FlexMatch(model, sgd(module, model), labelled, unlabelled, batch_size=1, ratio=1, threshold=0.5)
    assert array(run.thresholds()).shape == (2,)
    for _ in range(3):
        assert np.isfinite(float(run.step()["loss"]))

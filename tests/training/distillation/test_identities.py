"""Limits, invariances and gradients of the losses; DeiT beside its parts; stochastic depth on average; rounds."""

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.attention.vision_transformer import pytorch as vit_pytorch
from mylib.attention.vision_transformer import scratch as vit_scratch
from mylib.training.distillation import pytorch, rounds, scratch
from tests.training.distillation.cases import (
    NETS,
    NN,
    RNG,
    SMALL,
    STUDENT,
    TEACHER,
    blobs,
    logits_and_labels,
    randomise,
    softmax,
    tracked,
    values,
)


def test_weight_zero_is_cross_entropy(side):
    module, array = side
    z, teacher, labels = logits_and_labels(0)
    got = module.soft_distillation_loss(array(z), array(teacher), array(labels), 3.0, 0.0)
    assert got.item() == pytest.approx(-np.log(softmax(z)[np.arange(6), labels]).mean(), rel=1e-12)


def test_a_student_like_its_teacher_has_nothing_to_learn(side):
    module, array = side
    z, _, labels = logits_and_labels(1)
    leaf = tracked(module, z)
    loss = module.soft_distillation_loss(leaf, array(z.copy()), array(labels), 2.0, 1.0)
    loss.backward()
    assert abs(loss.item()) < 1e-14
    assert np.abs(np.asarray(leaf.grad)).max() < 1e-15  # rounding alone


def test_a_constant_added_to_logits_changes_nothing(side):
    module, array = side
    z, teacher, labels = logits_and_labels(2)
    constants = 100 * RNG(3).normal(size=(2, 6, 1))
    for call in (
        lambda a, b: module.soft_distillation_loss(array(a), array(b), array(labels), 2.0, 0.5),
        lambda a, b: module.hard_distillation_loss(array(a), array(b), array(labels)),
        lambda a, b: module.soft_cross_entropy(array(a), array(softmax(b))),
    ):
        assert call(z + constants[0], teacher + constants[1]).item() == pytest.approx(
            call(z, teacher).item(), rel=1e-11
        )


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_gradient_is_that_of_the_formula(side, temperature):
    module, array = side
    z, teacher, labels = logits_and_labels(4)
    leaf = tracked(module, z)
    module.soft_distillation_loss(leaf, array(teacher), array(labels), temperature, 0.3).backward()
    p, q = softmax(teacher / temperature), softmax(z / temperature)
    expected = (0.7 * (softmax(z) - np.eye(4)[labels]) + 0.3 * temperature * (q - p)) / 6
    np.testing.assert_allclose(np.asarray(leaf.grad), expected, rtol=1e-10, atol=1e-15)


def test_gradient_at_high_temperature_matches_logits(side):
    module, array = side
    leaf = tracked(module, STUDENT)
    module.soft_distillation_loss(leaf, array(TEACHER), array(np.array([0])), 1000.0, 1.0).backward()
    centred = [x - x.mean() for x in (STUDENT, TEACHER)]
    np.testing.assert_allclose(np.asarray(leaf.grad), (centred[0] - centred[1]) / 3, atol=1e-3)  # next term: 1 / tau


def test_no_gradient_reaches_the_teacher(side):
    module, array = side
    z, teacher, labels = logits_and_labels(5)
    for call in (module.soft_distillation_loss, module.hard_distillation_loss):
        student, leaf = tracked(module, z), tracked(module, teacher)
        call(student, leaf, array(labels)).backward()
        assert leaf.grad is None
        assert np.abs(np.asarray(student.grad)).max() > 0.01
    student, targets = tracked(module, z), tracked(module, softmax(teacher))
    module.soft_cross_entropy(student, targets).backward()
    assert targets.grad is None


def test_with_a_second_head_each_term_has_its_own_gradient(side):
    module, array = side
    z, teacher, labels = logits_and_labels(6)
    first, second = tracked(module, z), tracked(module, z[::-1].copy())
    module.soft_distillation_loss(first, array(teacher), array(labels), 2.0, 0.4, second).backward()
    np.testing.assert_allclose(np.asarray(first.grad), 0.6 * (softmax(z) - np.eye(4)[labels]) / 6, rtol=1e-10)
    expected = 0.4 * 2 * (softmax(z[::-1] / 2) - softmax(teacher / 2)) / 6
    np.testing.assert_allclose(np.asarray(second.grad), expected, rtol=1e-10, atol=1e-15)


def test_one_hot_targets_are_labels(side):
    module, array = side
    z, _, labels = logits_and_labels(7)
    got = module.soft_cross_entropy(array(z), array(np.eye(4)[labels]))
    assert got.item() == pytest.approx(-np.log(softmax(z)[np.arange(6), labels]).mean(), rel=1e-12)


def test_gradients_of_the_losses_by_differences():
    z, teacher, labels = logits_and_labels(8, batch=3)
    engine.gradcheck(lambda a, b: scratch.soft_distillation_loss(a, teacher, labels, 2.5, 0.6, b), z, z[::-1].copy())
    engine.gradcheck(lambda a, b: scratch.hard_distillation_loss(a, teacher, labels, b), z, z[::-1].copy())
    engine.gradcheck(lambda a: scratch.soft_cross_entropy(a, softmax(teacher)), z)


def test_saturated_and_excluded_classes_leave_finite_values(side):
    module, array = side
    z = tracked(module, [[1e4, -1e4, 0.0], [0.0, 1e4, -np.inf]])
    teacher = array(np.array([[1e4, 0.0, -np.inf], [-1e4, 1e4, -np.inf]]))
    labels = array(np.array([0, 1]))
    loss = module.soft_distillation_loss(z, teacher, labels, 1.0, 0.5)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-12)
    assert np.isfinite(np.asarray(z.grad)).all()
    targets = array(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))
    assert module.soft_cross_entropy(z, targets).item() == pytest.approx(0, abs=1e-12)


# DeiT


def test_equal_heads_on_equal_tokens_answer_as_one(side):
    """With the second head equal to the first, and the same at both tokens, evaluation returns the class's scores."""
    module, array = side
    model = randomise(module.DeiT(**SMALL))
    state = {name: torch.tensor(values(value)) for name, value in model.state_dict().items()}
    state["distillation_token"] = state["class_token"]
    state["positions"][:, 1] = state["positions"][:, 0]
    for kind in ("weight", "bias"):
        state[f"distillation_head.{kind}"] = state[f"head.{kind}"]
    model.load_state_dict(state)
    images = array(RNG(9).normal(size=(3, 2, 6, 6)))
    by_label, by_teacher = (values(scores) for scores in model(images))
    np.testing.assert_allclose(by_label, by_teacher, rtol=1e-10)
    np.testing.assert_allclose(values(model.eval()(images)), by_label, rtol=1e-10)


def test_evaluation_averages_logits_not_probabilities(side):
    module, array = side
    model, images = randomise(module.DeiT(**SMALL)), array(RNG(10).normal(size=(3, 2, 6, 6)))
    by_label, by_teacher = (values(scores) for scores in model(images))
    assert np.abs(by_label - by_teacher).max() > 0.1
    np.testing.assert_allclose(values(model.eval()(images)), (by_label + by_teacher) / 2, rtol=1e-10)


def test_two_tokens_stand_before_the_patches(side):
    module, array = side
    model, images = randomise(module.DeiT(**SMALL)), array(RNG(11).normal(size=(2, 2, 6, 6)))
    assert values(model.positions).shape == (1, 6, 8)
    x = values(model._embed(images)) - values(model.positions)
    np.testing.assert_allclose(x[:, 0], np.broadcast_to(values(model.class_token)[0], (2, 8)), atol=1e-12)
    np.testing.assert_allclose(x[:, 1], np.broadcast_to(values(model.distillation_token)[0], (2, 8)), atol=1e-12)
    np.testing.assert_allclose(x[:, 2:], values(model.embedding(images)), atol=1e-12)
    assert [values(layer).shape for layer in model.attention_maps(images)] == [(2, 2, 6, 6)] * 2


def test_tokens_that_change_places_change_the_answers(side):
    """Nothing but weights tells the tokens apart: exchanged with their positions and heads, they exchange scores."""
    module, array = side
    model, images = randomise(module.DeiT(**SMALL)), array(RNG(19).normal(size=(2, 2, 6, 6)))
    by_label, by_teacher = (values(scores) for scores in model(images))
    state = {name: torch.tensor(values(value)) for name, value in model.state_dict().items()}
    pairs = [("class_token", "distillation_token")]
    pairs += [(f"head.{kind}", f"distillation_head.{kind}") for kind in ("weight", "bias")]
    for one, two in pairs:
        state[one], state[two] = state[two], state[one]
    state["positions"] = state["positions"][:, [1, 0, 2, 3, 4, 5]]
    model.load_state_dict(state)
    exchanged = [values(scores) for scores in model(images)]
    np.testing.assert_allclose(exchanged, [by_teacher, by_label], rtol=1e-9, atol=1e-12)


def test_parameters_beyond_the_vit_have_the_promised_names(side):
    module, _ = side
    model = module.DeiT(**SMALL)
    vit = type(model).__mro__[1](**SMALL)
    extra = {"distillation_token", "distillation_head.weight", "distillation_head.bias"}
    assert set(model.state_dict()) - set(vit.state_dict()) == extra


def test_start_of_tokens_and_positions(side):
    module, _ = side
    (engine if module is scratch else torch).manual_seed(0)
    model = module.DeiT(32, 2, dim=16, depth=1, heads=2, mlp_dim=4, classes=2)
    assert values(model.positions).std() == pytest.approx(0.02, rel=0.05)  # 4,128 numbers: error 1.1 %
    assert 0.005 < values(model.distillation_token).std() < 0.04


# stochastic depth


def noisy_unit(module, order="full_preactivation", survival=0.6):
    """One wrapped unit with random weights: its norms in evaluation, so that chance is in the mask alone."""
    network = NETS[module].ResNet(8, width=2, channels_in=2, order=order)
    randomise(network).eval()
    unit = list(module.stochastic_depth(network, survival).stages)[2][0]
    unit.training = True
    return unit


def test_mean_over_masks_is_evaluation(side):
    module, array = side
    (engine if module is scratch else torch).manual_seed(1)
    unit = noisy_unit(module)
    x = RNG(12).normal(size=(1, 4, 4, 4))
    drawn = values(unit(array(np.repeat(x, 10_000, axis=0))))
    unit.training = False
    expected = values(unit(array(x)))[0]
    error = drawn.std(axis=0) / np.sqrt(10_000)
    # One mask for a whole image: all its deviations are one, so 3 standard errors hold for all pixels or none.
    assert (np.abs(drawn.mean(axis=0) - expected) < 3 * error + 1e-12).all()


@pytest.mark.parametrize("order", ["original", "full_preactivation"])
def test_each_sample_keeps_or_drops_its_whole_residual(side, order):
    module, array = side
    (engine if module is scratch else torch).manual_seed(2)
    unit = noisy_unit(module, order)
    x = RNG(13).normal(size=(64, 4, 4, 4))
    drawn = values(unit(array(x)))
    unit.training = False
    shortcut, residual = values(unit.shortcut(array(x))), values(unit.residual(array(x)))
    after = (lambda y: y.clip(0)) if order == "original" else (lambda y: y)
    kept = np.abs(drawn - after(shortcut + residual / 0.6)).max(axis=(1, 2, 3)) < 1e-9
    dropped = np.abs(drawn - after(shortcut)).max(axis=(1, 2, 3)) < 1e-9
    assert (kept ^ dropped).all()
    assert 0.4 < kept.mean() < 0.8  # 0.6 with standard error 0.06


def test_survival_one_is_the_plain_net(side):
    module, array = side
    make = lambda: randomise(NETS[module].ResNet(14, width=2, channels_in=1), 3)  # noqa: E731
    plain, wrapped = make(), module.stochastic_depth(make(), 1)
    images = array(RNG(14).normal(size=(3, 1, 8, 8)))
    np.testing.assert_array_equal(values(wrapped(images)), values(plain(images)))


def test_wrapping_keeps_names_weights_and_modes_and_evaluation(side):
    module, array = side
    make = lambda: randomise(NETS[module].ResNet(14, width=2, channels_in=1), 4)  # noqa: E731
    plain, wrapped = make().eval(), make()
    wrapped.stages[0][0].bn1.eval()
    assert module.stochastic_depth(wrapped, 0.5) is wrapped
    assert (wrapped.stages[0][0].training, wrapped.stages[0][0].bn1.training) == (True, False)
    for (name, one), (other, two) in zip(plain.state_dict().items(), wrapped.state_dict().items(), strict=True):
        assert name == other
        np.testing.assert_array_equal(values(one), values(two))
    images = array(RNG(15).normal(size=(3, 1, 8, 8)))
    np.testing.assert_array_equal(values(wrapped.eval()(images)), values(plain(images)))


# pseudo-labels and rounds


def test_soft_targets_are_the_teachers_probabilities(side):
    module, array = side
    z = 5 * RNG(16).normal(size=(50, 4))
    kept, targets = module.pseudo_labels(array(z), 0.9)
    expected = softmax(z)
    assert values(kept).tolist() == np.flatnonzero(expected.max(1) >= 0.9).tolist()
    np.testing.assert_allclose(values(targets), expected[values(kept)], rtol=1e-12)
    assert len(values(module.pseudo_labels(array(z))[0])) == 50


def test_balance_gives_each_class_its_number_and_the_seed_decides_what_is_drawn(side):
    module, array = side
    targets = array(softmax(4 * RNG(17).normal(size=(40, 3)) + [0, 1, 2]))
    classes = values(targets).argmax(1)
    draws = [values(module.balance(targets, 17, seed)) for seed in (0, 0, 1)]
    for chosen in draws:
        assert np.bincount(classes[chosen]).tolist() == [17] * 3
        for one in range(3):
            times = np.bincount(chosen[classes[chosen] == one], minlength=40)[classes == one]
            assert times.max() - times.min() <= 1, "all are repeated before any is repeated again"
    assert draws[0].tolist() == draws[1].tolist()
    assert draws[0].tolist() != draws[2].tolist()


def test_plans_visit_everything_once_before_anything_twice():
    plan = rounds.draw(7, 5, 3, RNG(0))
    assert plan.shape == (5, 3)
    assert sorted(plan.ravel()[:7]) == sorted(plan.ravel()[7:14]) == list(range(7))


class Watched:
    """A linear model of either side that notes how it is called."""

    def __init__(self, module, number, notes):
        class Model(NN[module].Module):
            def __init__(self):
                super().__init__()
                self.linear, self.norm = NN[module].Linear(3, 3), NN[module].Dropout(0.5)

            def forward(self, x):
                notes.append((number, self.training, len(x)))
                return self.linear(self.norm(x))

        self.model = Model()


def run(module, notes, **options):
    (x, y), (others, _) = blobs(0, 12), blobs(1, 40)
    make = lambda number: Watched(module, number, notes).model  # noqa: E731
    defaults = {"rounds": 2, "threshold": 0.0, "epochs": 1, "batch_size": 8, "progress": False}
    return module.noisy_student(make, (x, y), others, **(defaults | options))


def test_teacher_labels_without_noise_and_the_student_learns_with_it(side):
    module, _ = side
    notes = []
    models = run(module, notes)
    assert len(models) == 3
    for number in (0, 1, 2):
        trained = [rows for one, training, rows in notes if one == number and training]
        assert trained == [8 if number == 0 else 16] * 5, "five steps for the teacher, too: ceil(40 / 8)"
        answered = [rows for one, training, rows in notes if one == number and not training]
        assert answered[:1] == [1], "a first look at how many classes there are"
        assert answered[1:] == ([40] if number < 2 else []), "labels of all images once a round, in one batch"
    assert all(model.training and model.norm.training for model in models), "the mode is restored"


def test_ratio_epochs_and_augmentation(side):
    module, _ = side
    notes, seen = [], []

    def augment(images, rng):
        seen.append((values(images).shape, rng.random()))
        return images

    run(module, notes, rounds=1, ratio=3, epochs=2, augment=augment)
    assert [rows for _, training, rows in notes if training] == [8] * 4 + [32] * 4  # 2 ceil((40 / 3) / 8) steps
    assert [shape for shape, _ in seen] == [(8, 3)] * 4 + [(32, 3)] * 4
    again = []
    run(module, [], rounds=1, ratio=3, epochs=2, augment=lambda x, rng: again.append(rng.random()) or x)
    assert [draw for _, draw in seen] == again, "the seed decides"
    run(module, [], rounds=1, augment=lambda images: images * 1)  # of images alone


def test_balanced_rounds_train_on_as_many_of_each_class(side, monkeypatch):
    module, _ = side
    students = __import__(f"{module.__name__}_students", fromlist=["balance"])
    asked = []

    def watch(targets, per_class, seed=0):
        asked.append((per_class, seed))
        return module.balance(targets, per_class, seed)

    monkeypatch.setattr(students, "balance", watch)
    run(module, [], per_class=5, seed=3)
    assert asked == [(5, 3), (5, 3)]


def test_self_training_learns_a_problem_that_can_be_learnt(side):
    module, array = side
    (x, y), (others, truth) = blobs(0, 9, apart=4.0), blobs(1, 300, apart=4.0)
    make = lambda number: NN[module].Linear(3, 3)  # noqa: E731
    options = {"epochs": 30, "batch_size": 32, "learning_rate": 0.05, "soft": False, "progress": False}
    models = module.noisy_student(make, (x, y), others, 1, **options)
    for model in models:
        # Centres 4 sqrt 2 apart with spread 1: the best rule errs in 0.5 % of the cases; 9 labels lose some of that.
        assert (values(model(array(others))).argmax(1) == truth).mean() > 0.9


def test_labels_may_be_a_list_and_images_tensors(side):
    module, array = side
    (x, y), (others, _) = blobs(0, 12), blobs(1, 20)
    make = lambda number: NN[module].Linear(3, 3)  # noqa: E731
    options = {"threshold": 0.0, "epochs": 1, "progress": False}
    models = module.noisy_student(make, (array(x), y.tolist()), array(others), 1, **options)
    assert len(models) == 2


def test_arrays_are_left_as_they_were(side):
    module, array = side
    z, teacher, labels = logits_and_labels(18)
    before = [part.copy() for part in (z, teacher, labels)]
    module.soft_distillation_loss(array(z), array(teacher), array(labels))
    module.hard_distillation_loss(array(z), array(teacher), array(labels))
    module.pseudo_labels(array(z))
    module.balance(array(softmax(z)), 2)
    for part, old in zip((z, teacher, labels), before, strict=True):
        np.testing.assert_array_equal(part, old)
    assert module in (scratch, pytorch)


def test_positions_of_the_patches_are_compared_without_those_of_the_two_tokens(side):
    module, _ = side
    similarity = {scratch: vit_scratch, pytorch: vit_pytorch}[module].position_similarity
    model = randomise(module.DeiT(**SMALL))
    found = values(similarity(model))
    vectors = values(model.positions)[0, 2:]
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(found.reshape(len(vectors), -1), vectors @ vectors.T, rtol=1e-6, atol=1e-7)  # float32

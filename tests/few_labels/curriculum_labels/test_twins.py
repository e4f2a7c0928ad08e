"""The two sides of curriculum_labels; PyTorch compiled, in mixed precision, and on its device."""

import numpy as np
import pytest
import torch

from mylib import syllabus
from mylib.few_labels.curriculum_labels import pytorch, scratch
from mylib.vision.convolution import pytorch as convolution_pytorch
from mylib.vision.convolution import scratch as convolution_scratch
from tests.few_labels.curriculum_labels.cases import RNG, linear_model, sets, sgd, small_run
from tests.twins import TOLERANCE, assert_close, assert_same_function, assert_same_help, share_random_weights


def test_entropy_agrees_in_value_and_gradient():
    assert_same_function(scratch.entropy, pytorch.entropy, RNG(0).normal(0, 3, (9, 5)))


@pytest.mark.parametrize("hard", [True, False])
@pytest.mark.parametrize("each", [True, False])
def test_consistency_agrees_in_value_and_gradient(hard, each):
    weak, threshold = RNG(1).normal(0, 2, (30, 4)), np.array([0.5, 0.6, 0.7, 0.8]) if each else 0.6

    def ours(strong):
        return scratch.consistency_loss(weak.astype(strong.dtype), strong, threshold, hard, 0.4)[0]

    def theirs(strong):
        limits = torch.tensor(threshold) if each else threshold
        return pytorch.consistency_loss(torch.tensor(weak).to(strong.dtype), strong, limits, hard, 0.4)[0]

    assert_same_function(ours, theirs, RNG(2).normal(0, 2, (30, 4)))
    used = scratch.consistency_loss(weak, weak, threshold)[1]
    np.testing.assert_array_equal(used, pytorch.consistency_loss(*[torch.tensor(weak)] * 2, torch.tensor(threshold))[1])


def test_l2_consistency_agrees_in_value_and_gradient():
    q = RNG(3).dirichlet(np.ones(4), 8)
    assert_same_function(
        lambda logits: scratch.l2_consistency_loss(logits, q.astype(logits.dtype)),
        lambda logits: pytorch.l2_consistency_loss(logits, torch.tensor(q).to(logits.dtype)),
        RNG(4).normal(size=(8, 4)),
    )


@pytest.mark.parametrize("shape", [(5, 1, 28, 28), (4, 3, 20, 33), (1, 2, 5, 7), (3, 1, 1, 4)])
def test_views_agree(shape):
    for dtype in TOLERANCE:
        images = RNG(5).random(shape).astype(dtype)
        for options in ({}, {"operations": 5}, {"operations": 1, "cutout": 1.0}, {"operations": 0, "cutout": 0.0}):
            ours = scratch.strong_augment(images, RNG(6), **options)
            theirs = pytorch.strong_augment(torch.tensor(images), RNG(6), **options)
            assert ours.dtype == dtype
            assert_close(ours, theirs.numpy(), dtype, f"strong {options}")
        theirs = pytorch.weak_augment(torch.tensor(images), RNG(7)).numpy()
        np.testing.assert_array_equal(scratch.weak_augment(images, RNG(7)), theirs)


def test_both_leave_the_generator_in_the_same_state():
    images = RNG(8).random((3, 1, 9, 9))
    states = []
    for module, make in ((scratch, np.asarray), (pytorch, torch.tensor)):
        rng = RNG(9)
        module.strong_augment(module.weak_augment(make(images), rng), rng)
        states.append(rng.bit_generator.state)
    assert states[0] == states[1]


def test_images_may_lie_in_memory_as_they_like():
    images = RNG(10).random((28, 28, 1, 6)).transpose(3, 2, 0, 1)
    for view in ("weak_augment", "strong_augment"):
        expected = getattr(scratch, view)(np.ascontiguousarray(images), RNG(11))
        assert_close(getattr(scratch, view)(images, RNG(11)), expected, np.float64, view)
        assert_close(getattr(pytorch, view)(torch.tensor(images), RNG(11)).numpy(), expected, np.float64, view)
        last = torch.tensor(images).to(memory_format=torch.channels_last)
        assert_close(getattr(pytorch, view)(last, RNG(11)).numpy(), expected, np.float64, view)


def test_the_curriculum_agrees():
    remembered = RNG(12).integers(-1, 5, 300)
    ours, theirs = scratch.learning_effect(remembered, 6), pytorch.learning_effect(torch.tensor(remembered), 6)
    np.testing.assert_array_equal(ours, theirs)
    for unused in (None, 17, 280):
        beta, their = scratch.normalised_effect(ours, unused), pytorch.normalised_effect(theirs, unused)
        assert_close(beta, their.numpy(), np.float64, "effect")
        for mapping in ("convex", "linear", "concave"):
            got = scratch.flexible_threshold(beta, 0.9, mapping), pytorch.flexible_threshold(their, 0.9, mapping)
            assert_close(got[0], got[1].numpy(), np.float64, mapping)


OPTIONS = [
    {},
    {"warm_up": False, "mapping": "concave"},
    {"curriculum": False},
    {"strong": False, "mapping": "linear"},
    {"hard": False, "temperature": 0.4, "weight": 2.0},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_runs_agree_over_three_steps(options):
    for dtype in TOLERANCE:
        models = [linear_model(module) for module in (scratch, pytorch)]
        if dtype is np.float64:
            [model.double() for model in models]
        share_random_weights(*models, dtype)
        labelled, unlabelled, _ = sets(dtype=dtype)
        ours, theirs = (
            module.FlexMatch(
                model, sgd(module, model), labelled, unlabelled,
                batch_size=4, ratio=3, threshold=0.5, decay=0.6, seed=4, **options,
            )
            for module, model in zip((scratch, pytorch), models, strict=True)
        )  # fmt: skip
        for _ in range(3):
            assert_close(ours.thresholds(), theirs.thresholds().numpy(), dtype, "thresholds")
            got, expected = ours.step(), theirs.step()
            for key, value in expected.items():
                assert_close(got[key], value.item(), dtype, key)
            np.testing.assert_array_equal(ours.remembered, theirs.remembered)
        for one, two in ((ours.model, theirs.model), (ours.average, theirs.average)):
            expected = two.state_dict()
            for name, value in one.state_dict().items():
                assert_close(value, expected[name].numpy(), dtype, f"{name} after three steps")


def test_runs_of_the_lectures_network_agree():
    models = convolution_scratch.LeNet().double(), convolution_pytorch.LeNet().double()
    share_random_weights(*models, np.float64)
    labelled, unlabelled, _ = sets(side=28, labelled=4, unlabelled=9, dtype=np.float64)
    ours, theirs = (
        module.FlexMatch(model, sgd(module, model), labelled, unlabelled, batch_size=3, ratio=2, threshold=0.2)
        for module, model in zip((scratch, pytorch), models, strict=True)
    )
    for _ in range(2):
        assert_close(ours.step()["loss"], theirs.step()["loss"].item(), np.float64, "loss")


def test_images_may_be_tensors_of_another_type():
    labelled, unlabelled, _ = sets()
    losses = []
    for kind in (np.asarray, torch.tensor):
        torch.manual_seed(0)
        model = linear_model(pytorch)
        pair = kind(labelled[0].astype(np.float64)), kind(labelled[1].astype(np.int32))
        run = pytorch.FlexMatch(model, sgd(pytorch, model), pair, kind(unlabelled), batch_size=4, ratio=2)
        losses.append(run.step()["loss"].item())
    assert losses[0] == losses[1]


def test_a_steps_mathematics_asks_its_device_for_no_value():
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    weak, strong = torch.randn(2, 12, 3, device="meta")
    strong.requires_grad_()
    counts = pytorch.learning_effect(torch.zeros(40, dtype=torch.int64, device="meta"), 3)
    thresholds = pytorch.flexible_threshold(pytorch.normalised_effect(counts, 40 - counts.sum()))
    loss, used = pytorch.consistency_loss(weak, strong, thresholds)
    loss = loss + pytorch.entropy(strong).mean() + pytorch.l2_consistency_loss(strong, weak.softmax(dim=-1))
    loss.backward()
    views = pytorch.strong_augment(pytorch.weak_augment(torch.rand(4, 1, 8, 8, device="meta"), RNG(0)), RNG(1))
    assert {one.device.type for one in (loss, used, strong.grad, views, thresholds)} == {"meta"}


def test_a_whole_step_asks_its_device_for_no_value(monkeypatch):
    labelled, unlabelled, _ = sets()
    run = small_run(pytorch)
    run.model.to("meta"), run.average.to("meta")
    for name in ("images", "labels", "unlabelled", "remembered"):
        setattr(run, name, getattr(run, name).to("meta"))
    run.optimizer = sgd(pytorch, run.model)
    numbers = run.step()
    assert {one.device.type for one in (*numbers.values(), *run.guesses, run.remembered, run.thresholds())} == {"meta"}


def test_losses_and_curriculum_compile_whole():
    weak, strong = torch.randn(2, 12, 3)
    remembered = torch.arange(30) % 4 - 1
    counts = pytorch.learning_effect(remembered, 3)
    for function, arguments in (
        (pytorch.entropy, (strong,)),
        (pytorch.consistency_loss, (weak, strong)),
        (pytorch.consistency_loss, (weak, strong, torch.tensor([0.3, 0.4, 0.5]), False, 0.4)),
        (pytorch.l2_consistency_loss, (strong, weak.softmax(dim=-1))),
        (pytorch.learning_effect, (remembered, 3)),
        (pytorch.normalised_effect, (counts, 9)),
        (pytorch.flexible_threshold, (torch.rand(3), 0.9, "concave")),
    ):
        compiled = torch.compile(function, backend="eager", fullgraph=True)
        torch.testing.assert_close(compiled(*arguments), function(*arguments))


def test_mixed_precision_keeps_losses_in_float32_and_learns():
    results = []
    for mixed in (True, False):
        torch.manual_seed(0)
        run = small_run(pytorch, threshold=0.5)
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            results.append([run.step()["loss"] for _ in range(3)])
    assert {one.dtype for one in results[0]} == {torch.float32}
    # bfloat16 has 8 bits: logits of order 1 are off by some thousandths, and a guess near a threshold may change sides
    torch.testing.assert_close(*map(torch.stack, results), rtol=0.1, atol=0.1)


@pytest.mark.gpu
def test_a_step_never_waits_for_the_gpu():
    labelled, unlabelled, _ = sets()
    model = linear_model(pytorch).to("cuda")
    run = pytorch.FlexMatch(model, sgd(pytorch, model), labelled, unlabelled, batch_size=4, ratio=3)
    run.step()  # what is made once may wait
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("warn")
    numbers = run.step()
    torch.cuda.set_sync_debug_mode("default")
    assert all(value.is_cuda for value in numbers.values())


def test_help_is_complete_on_both_sides():
    topic = next(topic for topic in syllabus.topics() if topic.name == "curriculum_labels")
    assert {method.name for method in topic.methods} == set(scratch.__all__) == set(pytorch.__all__)
    for name in scratch.__all__:
        assert_same_help(getattr(scratch, name), getattr(pytorch, name))

"""Losses beside torch and torchdistill, DeiT beside Hugging Face's, Noisy Student's rounds beside a loop by hand."""

import re
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torchdistill.losses.mid_level import KDLoss

from mylib.training.distillation import pytorch, scratch, sizes
from tests.training.distillation.cases import NN, RNG, SIDES, SMALL, blobs, load, logits_and_labels, randomise, values


@settings(max_examples=30)
@given(
    seed=st.integers(0, 999),
    temperature=st.sampled_from([0.5, 1.0, 3.0, 20.0]),
    weight=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    classes=st.integers(2, 7),
)
def test_soft_loss_is_torchdistills(seed, temperature, weight, classes):
    z, teacher, labels = logits_and_labels(seed, classes=classes)
    theirs = KDLoss("s", "output", "t", "output", temperature, alpha=1 - weight, reduction="batchmean")
    io = [{name: {"output": torch.tensor(x)}} for name, x in (("s", z), ("t", teacher))]
    expected = theirs(*io, torch.tensor(labels)).item()
    if weight == 1:  # torchdistill then drops tau^2 with the labels
        expected *= temperature**2
    for module, array in SIDES.values():
        got = module.soft_distillation_loss(array(z), array(teacher), array(labels), temperature, weight)
        assert got.item() == pytest.approx(expected, rel=1e-10, abs=1e-14)


def test_divergence_is_torchs_batchmean(side):
    module, array = side
    z, teacher, labels = logits_and_labels(1)
    logs = [torch.tensor(x).div(4).log_softmax(1) for x in (z, teacher)]
    expected = 16 * F.kl_div(*logs, log_target=True, reduction="batchmean")
    got = module.soft_distillation_loss(array(z), array(teacher), array(labels), 4.0, 1.0)
    assert got.item() == pytest.approx(expected.item(), rel=1e-12)
    summed = 16 * F.kl_div(*logs, log_target=True, reduction="sum")
    assert got.item() != pytest.approx(summed.item() / z.size), "DeiT's code, which divides by the classes too"


def test_soft_cross_entropy_is_torchs(side):
    module, array = side
    z, teacher, _ = logits_and_labels(2)
    targets = torch.tensor(teacher).softmax(1)
    expected = F.cross_entropy(torch.tensor(z), targets)
    got = module.soft_cross_entropy(array(z), array(targets.numpy()))
    assert got.item() == pytest.approx(expected.item(), rel=1e-12)


def test_hard_loss_is_torchs_with_the_decision(side):
    module, array = side
    z, teacher, labels = logits_and_labels(3)
    a, b, y = map(torch.tensor, (z, teacher, labels))
    expected = (F.cross_entropy(a, y) + F.cross_entropy(a, b.argmax(1))) / 2
    got = module.hard_distillation_loss(array(z), array(teacher), array(labels))
    assert got.item() == pytest.approx(expected.item(), rel=1e-12)


def their_deit(ours):
    """Hugging Face's DeiT with the weights of ours."""
    from transformers import DeiTConfig, DeiTForImageClassificationWithTeacher

    config = DeiTConfig(
        hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12, image_size=6, patch_size=3,
        num_channels=2, layer_norm_eps=1e-5, hidden_act="gelu", num_labels=5, hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0, attn_implementation="sdpa",
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = DeiTForImageClassificationWithTeacher(config).double().eval()
    state = {name: torch.tensor(values(value)) for name, value in ours.state_dict().items()}
    names = {
        "deit.embeddings.cls_token": "class_token", "deit.embeddings.distillation_token": "distillation_token",
        "deit.embeddings.position_embeddings": "positions",
        "deit.embeddings.patch_embeddings.projection": "embedding.projection", "deit.layernorm": "norm",
        "cls_classifier": "head", "distillation_classifier": "distillation_head",
    }  # fmt: skip
    parts = {
        "attention.q_proj": "attention.query", "attention.k_proj": "attention.key", "attention.v_proj":
        "attention.value", "attention.o_proj": "attention.output", "layernorm_before": "norm1",
        "layernorm_after": "norm2", "mlp.fc1": "feed_forward.inner", "mlp.fc2": "feed_forward.outer",
    }  # fmt: skip
    renamed = {}
    for name in theirs.state_dict():
        base, _, kind = name.rpartition(".")
        if layer := re.fullmatch(r"deit\.layers\.(\d+)\.(.+)", base):
            renamed[name] = state[f"layers.{layer[1]}.{parts[layer[2]]}.{kind}"]
        else:
            renamed[name] = state[names[name]] if name in names else state[f"{names[base]}.{kind}"]
    theirs.load_state_dict(renamed)
    return theirs


def test_deit_is_hugging_faces(side):
    module, array = side
    ours = randomise(module.DeiT(**SMALL))
    images = RNG(4).normal(size=(3, 2, 6, 6))
    theirs = their_deit(ours)(torch.tensor(images))
    by_label, by_teacher = ours(array(images))
    np.testing.assert_allclose(values(by_label), values(theirs.cls_logits), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(values(by_teacher), values(theirs.distillation_logits), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(values(ours.eval()(array(images))), values(theirs.logits), rtol=1e-9, atol=1e-11)


def test_multiply_adds_are_those_of_the_products_that_are_made(monkeypatch):
    made, product = [], F.linear

    def watch(x, weight, bias=None):
        made.append(x.numel() * weight.shape[0])
        return product(x, weight, bias)

    def attention(q, k, v, **_):
        made.append(q.numel() * k.shape[-2] + q.shape[:-1].numel() * v.shape[-2] * v.shape[-1])
        return q

    monkeypatch.setattr(F, "linear", watch)
    monkeypatch.setattr(F, "scaled_dot_product_attention", attention)
    pytorch.DeiT(**SMALL)(torch.zeros(1, 2, 6, 6))
    made.append(4 * 8 * 2 * 3 * 3)  # the convolution: four patches, eight kernels of 2 x 3 x 3
    assert sum(made) == sizes.multiply_adds(**SMALL)


def by_hand(start, images, labels, others, rounds, steps):
    """Noisy Student with a linear model, full batches and torch alone; the weights of every round."""
    rounds_weights, targets, kept = [], None, None
    for number in range(rounds + 1):
        model = torch.nn.Linear(3, 3).double()
        model.load_state_dict(start[number])
        optimizer = torch.optim.Adam(model.parameters(), 0.1)
        for _ in range(steps):
            loss = F.cross_entropy(model(images), labels)
            if targets is not None:
                loss = loss + F.cross_entropy(model(others[kept]), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        rounds_weights.append(model.weight.detach().numpy().copy())
        answers = model(others).detach().softmax(1)
        kept = torch.nonzero(answers.max(1).values >= 0.6).flatten()
        targets = answers[kept]
    return rounds_weights


def test_rounds_are_those_of_a_loop_by_hand(side):
    """With batches of all labelled images and, by luck of the sizes, of all that were kept: no order matters."""
    module, _ = side
    (x, y), (others, _) = blobs(0, 30), blobs(1, 30, apart=9.0)
    x, others = x.astype(np.float64), others.astype(np.float64)
    start = [{"weight": RNG(n).normal(size=(3, 3)) / 9, "bias": np.zeros(3)} for n in range(3)]

    def make(number):
        model = NN[module].Linear(3, 3)
        return load(model.double(), start[number])

    options = {"threshold": 0.6, "epochs": 40, "batch_size": 30, "learning_rate": 0.1, "progress": False}
    models = module.noisy_student(make, (x, y), others, 2, **options)
    tensors = [torch.tensor(part) for part in (x, y, others)]
    states = [{name: torch.tensor(value) for name, value in state.items()} for state in start]
    expected = by_hand(states, *tensors, 2, 40)
    answers = torch.tensor(others) @ torch.tensor(expected[0]).T
    assert (answers.softmax(1).max(1).values > 0.6).all(), "all are kept, or the batches would differ"
    assert len(models) == 3
    for model, weight in zip(models, expected, strict=True):
        np.testing.assert_allclose(values(model.weight), weight, rtol=1e-7, atol=1e-9)  # Adam divides small numbers
    assert module in (scratch, pytorch)

"""J never falls; labels are nearest centroids; a perfect comparator; pairs that are drawn; parts of the feature."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mylib import engine
from mylib.representation.ordered_clustering import pairs, pytorch, scratch
from mylib.representation.ordered_clustering.scratch_ranks import order_relation
from tests.representation.ordered_clustering.cases import (
    OPTIM,
    RNG,
    SIDES,
    SMALL,
    WRAP,
    best_value,
    degrees,
    random_pairs,
    values,
)

ALPHAS = st.floats(0, 2)


@given(seed=st.integers(0, 9999), n=st.integers(2, 25), k=st.integers(2, 5), alpha=ALPHAS, dim=st.integers(1, 4))
def test_objective_never_falls(seed, n, k, alpha, dim):
    """Not even where clusters become empty and start again."""
    x, k = RNG(seed).normal(size=(n, dim)) + RNG(seed).normal(size=dim), min(k, n)
    for module, array in SIDES.values():
        before = -np.inf
        for iterations in range(1, 9):
            c, labels = module.repulsive_kmeans(array(x), k, alpha, seed, iterations)
            value = module.repulsive_objective(array(x), c, labels, alpha)
            assert value >= before - 1e-9 * max(1, abs(before))
            before = value


@given(seed=st.integers(0, 9999), n=st.integers(4, 25), k=st.integers(2, 3), alpha=st.floats(0, 0.5))
def test_both_steps_raise_the_objective_from_any_centroids(seed, n, k, alpha):
    rng = RNG(seed)
    x, start = rng.normal(size=(n, 3)), rng.normal(size=(k, 3))
    for module, array in SIDES.values():
        c, labels = module.repulsive_kmeans(array(x), k, alpha, centroids=array(start), iterations=1)
        some = array(rng.integers(0, k, n))
        values_ = [module.repulsive_objective(array(x), array(start), part, alpha) for part in (some, labels)]
        assert values_[1] >= values_[0] - 1e-9, "nearest centroids are the best labels"
        if len(np.unique(values(labels))) == k:
            assert module.repulsive_objective(array(x), c, labels, alpha) >= values_[1] - 1e-9


@pytest.mark.parametrize("alpha", [0.0, 0.1, 0.4])
def test_result_is_a_fixed_point(side, alpha):
    module, array = side
    truth = np.arange(60) % 3
    x = 3 * np.eye(3)[truth] + RNG(1).normal(size=(60, 3))
    c, labels = module.repulsive_kmeans(array(x), 3, alpha, seed=4)
    assert (values(array(x) @ c.T).argmax(axis=1) == values(labels)).all()
    value = module.repulsive_objective(array(x), c, labels, alpha)
    assert value == pytest.approx(best_value(x, values(labels), 3, alpha), rel=1e-10)


def test_lengths_of_the_points_do_not_matter(side):
    module, array = side
    x, lengths = RNG(2).normal(size=(30, 4)), RNG(3).uniform(0.01, 100, (30, 1))
    one, other = (module.repulsive_kmeans(array(points), 3, 0.3, seed=1) for points in (x, lengths * x))
    np.testing.assert_allclose(values(one[0]), values(other[0]), rtol=1e-9)
    assert values(one[1]).tolist() == values(other[1]).tolist()


def test_points_are_not_changed_and_integers_are_taken(side):
    module, array = side
    x, start = np.array([[3, 0], [0, 2], [5, 1]]), np.array([[1.0, 0], [0, 1]])
    before = x.copy(), start.copy()
    c, labels = module.repulsive_kmeans(array(x), 2, 0.1, centroids=array(start))
    assert values(labels).tolist() == [0, 1, 0]
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(start, before[1])
    assert values(c).dtype == (np.float64 if module is scratch else np.float32)


def test_as_many_clusters_as_points_and_equal_points(side):
    module, array = side
    x = degrees(0, 80, 200)
    _, labels = module.repulsive_kmeans(array(x), 3, 0.1)
    assert sorted(values(labels).tolist()) == [0, 1, 2]
    c, labels = module.repulsive_kmeans(array(degrees(30, 30, 30, 30)), 2, 0.0)
    np.testing.assert_allclose(values(c), degrees(30, 30), atol=1e-12)
    assert values(labels).tolist() == [0] * 4


@pytest.mark.parametrize("tau", [0.0, 0.5, 0.99])
def test_a_perfect_comparator_is_right(side, tau):
    module, array = side
    levels = np.array([1.0, 2.0, 4.0, 5.5, 7.0])
    truth = RNG(0).choice(levels, 40)
    p = np.eye(3)[order_relation(truth[:, None], levels, tau)]
    references = array(np.broadcast_to(levels, (40, 5)).copy())
    rank, posterior = module.estimate_rank(array(p), references, array(levels), tau)
    np.testing.assert_array_equal(values(rank), truth)
    outer = np.array([levels[0], levels[-1]])  # of these nothing is younger, or older: such votes are never cast
    assert (values(posterior)[:, 1:-1].sum(axis=1) > 0).all()
    assert set(outer) <= set(levels)


@given(seed=st.integers(0, 999), references=st.integers(1, 5), tau=st.floats(0.01, 1.4))
def test_posterior_sums_to_one_where_no_vote_is_lost(seed, references, tau):
    rng, levels = RNG(seed), np.arange(1.0, 9.0)
    p, known = rng.dirichlet(np.ones(3), size=(3, references)), rng.integers(3, 7, (3, references)).astype(float)
    for module, array in SIDES.values():
        _, posterior = module.estimate_rank(array(p), array(known), array(levels), tau)
        np.testing.assert_allclose(values(posterior).sum(axis=1), 1, rtol=1e-12)
        assert (values(posterior) >= 0).all()


def test_many_queries_are_done_in_blocks_alike(side, monkeypatch):
    module, array = side
    rng = RNG(5)
    p, levels = rng.dirichlet(np.ones(3), size=(50, 6)), np.arange(9.0)
    arguments = array(p), array(rng.choice(levels, (50, 6))), array(levels), 0.5
    identity, query = rng.normal(size=(30, 3)), rng.normal(size=(50, 3))
    known = array(identity), array(rng.integers(0, 2, 30)), array(rng.choice(levels, 30))
    asked = array(query), array(rng.integers(0, 2, 50)), array(levels), 2
    whole = [module.estimate_rank(*arguments)[1], module.choose_references(*known, *asked)]
    monkeypatch.setattr("mylib.representation.ordered_clustering.contract.PAIRS_AT_ONCE", 100)
    parts = [module.estimate_rank(*arguments)[1], module.choose_references(*known, *asked)]
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(values(one), values(other), rtol=1e-14)


def test_nothing_asked_is_nothing_answered(side):
    module, array = side
    levels = array(np.array([1.0, 2.0]))
    rank, posterior = module.estimate_rank(array(np.zeros((0, 2, 3))), array(np.zeros((0, 2))), levels, 0.1)
    assert tuple(rank.shape) == (0,)
    assert tuple(posterior.shape) == (0, 2)
    known = array(np.eye(2)), array(np.zeros(2, int)), array(np.ones(2))
    nobody = array(np.zeros((0, 2))), array(np.zeros(0, int)), levels
    assert tuple(module.choose_references(*known, *nobody).shape) == (0, 2)
    assert tuple(module.order_relation(array(np.zeros(0)), array(np.zeros(0)), 0.1).shape) == (0,)


# pairs


@given(seed=st.integers(0, 999), n=st.integers(2, 30), tau=st.sampled_from([0.0, 0.3, 1.0, 50.0]))
def test_pairs_are_of_one_cluster_never_the_same_and_rightly_named(seed, n, tau):
    rng = RNG(seed)
    ranks, labels = rng.integers(0, 6, n) / 2, rng.integers(0, 3, n)
    labels[:2] = 0
    first, second, relation = pairs.draw_pairs(ranks, labels, tau, rng, 200)
    assert (first != second).all()
    np.testing.assert_array_equal(labels[first], labels[second])
    np.testing.assert_array_equal(relation, order_relation(ranks[first], ranks[second], tau))
    alone = np.flatnonzero(np.bincount(labels, minlength=3)[labels] == 1)
    assert not set(alone) & set(first)
    assert set(range(n)) - set(alone) == set(pairs.draw_pairs(ranks, labels, tau, rng, 4000)[0].tolist())


def test_three_relations_are_equally_frequent():
    ranks = np.repeat(np.arange(50.0), 4)
    first, second, relation = pairs.draw_pairs(ranks, np.zeros(200, int), 0.5, RNG(0), 9000)
    counts = np.bincount(relation, minlength=3)
    # the two ends of the range lack a partner in one direction: 1 in 50 of a third goes to the next relation
    np.testing.assert_allclose(counts / 9000, 1 / 3, atol=0.02)  # four standard errors
    older = relation == 0
    assert np.bincount(ranks[second[older]].astype(int)).argmax() < 25, "most are older than the young"
    assert len(np.unique(second)) == 200


def test_every_partner_is_as_likely_as_another():
    first, second, relation = pairs.draw_pairs([0.0, 0, 0, 0, 5], np.zeros(5, int), 1.0, RNG(1), 40_000)
    of_zero = second[(first == 0) & (relation == 1)]
    share = np.bincount(of_zero, minlength=5) / len(of_zero)
    np.testing.assert_allclose(share, [0, 1 / 3, 1 / 3, 1 / 3, 0], atol=0.03)  # four standard errors of 5,000 draws


def test_a_relation_without_a_partner_is_replaced_by_the_next():
    _, _, relation = pairs.draw_pairs([1.0, 1.0], [0, 0], 0.0, RNG(2), 50)
    assert set(relation.tolist()) == {1}
    first, _, relation = pairs.draw_pairs([1.0, 2.0], [7, 7], 0.5, RNG(2), 50)
    assert ((first == 0) == (relation == 2)).all()


def test_pairs_repeat_with_their_generator():
    ranks, labels = RNG(3).random(20), RNG(4).integers(0, 2, 20)
    one, other = (np.stack(pairs.draw_pairs(ranks, labels, 0.1, RNG(5), 30)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert np.stack(pairs.draw_pairs(ranks, labels, 0.1, RNG(5), 0)).shape == (3, 0)


# networks


def test_parts_of_the_feature_and_lengths(side):
    module, _ = side
    model, (x, *_) = module.ORID(**SMALL).double(), random_pairs()
    x = WRAP[module](x)
    h, (order, identity) = values(model.features(x)), map(values, model.encode(x))
    np.testing.assert_array_equal(order, h[:, :3])
    np.testing.assert_allclose(np.linalg.norm(identity, axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(identity * np.linalg.norm(h[:, 3:], axis=1, keepdims=True), h[:, 3:], rtol=1e-12)
    assert np.abs(np.linalg.norm(h[:, 3:], axis=1) - 1).max() > 0.01, "raw for the decoder"
    np.testing.assert_allclose(values(model.decode(model.features(x))), values(model(x, x)[2]), rtol=1e-12)


def test_comparator_does_not_see_the_identity_and_decoder_sees_both(side):
    module, _ = side
    model, array = module.ORID(**SMALL).double(), WRAP[module]
    h = RNG(0).normal(size=(2, 8))
    changed = [h.copy(), h.copy()]
    changed[0][:, :3] += 1
    changed[1][:, 3:] += 1
    first, order, identity = (values(model.decode(array(part))) for part in (h, *changed))
    assert np.abs(first - order).max() > 1e-4
    assert np.abs(first - identity).max() > 1e-4
    parts = [array(part) for part in RNG(1).normal(size=(2, 4, 3, 3))]
    together = values(model.compare(*parts))
    np.testing.assert_allclose(together[1], values(model.compare(parts[0][1], parts[1][1])), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_identity_of_zeros_stays_with_gradient_zero(side, dtype):
    module, _ = side
    model = module.ORID(1, 4, 2, 2, 3)
    model = model.double() if dtype is np.float64 else model
    state = {name: torch.zeros_like(torch.as_tensor(values(v))) for name, v in model.state_dict().items()}
    model.load_state_dict(state)
    x = np.ones((2, 1, 4, 4), dtype)
    leaf = engine.Tensor(x, requires_grad=True) if module is scratch else torch.tensor(x, requires_grad=True)
    _, identity = model.encode(leaf)
    assert (values(identity) == 0).all()
    identity.sum().backward()
    bias = dict(model.named_parameters())["encoder.7.bias"].grad
    assert (values(bias) == 0).all()


def test_loss_falls_when_trained(side):
    module, _ = side
    images, ages = RNG(0).random((40, 2, 8, 8)).astype(np.float32), np.repeat(np.arange(20.0, 60.0, 2), 2)
    images = 0.2 * images + (ages / 80)[:, None, None, None].astype(np.float32)  # the older, the brighter
    torch.manual_seed(0), engine.manual_seed(0)
    model = module.ORID(**SMALL | {"width": 6})
    optimizer = OPTIM[module].Adam(model.parameters(), 0.01)
    drc = module.DRC(model, optimizer, images, np.log(ages), k=2, warmup=2, every=2, batch_size=4)
    history = [drc.epoch() for _ in range(12)]
    assert history[-1]["comparison"] < 0.75 * history[0]["comparison"]
    assert all(np.isnan(part["cosine"]) for part in history[:2])
    assert np.isfinite([part["cosine"] for part in history[2:]]).all()
    moved = [part["moved"] for part in history]
    assert [bool(np.isfinite(share)) for share in moved] == [epoch in (4, 6, 8, 10) for epoch in range(12)]
    assert set(history[0]) == {"loss", "comparison", "reconstruction", "cluster", "moved", "cosine"}
    total = history[-1]["comparison"] + 5 * history[-1]["reconstruction"] + 0.1 * history[-1]["cluster"]
    assert history[-1]["loss"] == pytest.approx(total, rel=1e-4)
    rank, posterior = drc.estimate(images, np.unique(np.log(ages)))
    assert np.corrcoef(values(rank), np.log(ages))[0, 1] > 0.7
    assert tuple(posterior.shape) == (40, 20)


def test_one_cluster_never_clusters(side):
    module, _ = side
    images, ranks = RNG(0).random((8, 2, 8, 8)).astype(np.float32), np.arange(8.0)
    model = module.ORID(**SMALL)
    drc = module.DRC(model, OPTIM[module].SGD(model.parameters(), 0.01), images, ranks, k=1, warmup=0, batch_size=4)
    for _ in range(3):
        assert np.isnan(drc.epoch()["cosine"])
    assert drc.centroids is None
    assert values(drc.labels).tolist() == [0] * 8


def test_estimates_take_references_of_their_own_cluster_only(side):
    """With all ranks of one cluster at 1 and of the other at 9, an estimate says which cluster was asked."""
    module, _ = side
    images = RNG(0).random((12, 2, 8, 8)).astype(np.float32)
    model = module.ORID(**SMALL)
    options = {"k": 2, "tolerance": 0.5, "warmup": 0, "batch_size": 6}
    drc = module.DRC(model, OPTIM[module].SGD(model.parameters(), 1e-6), images, np.arange(12.0), **options)
    drc.epoch()
    drc.ranks = np.where(values(drc.labels) == 0, 1.0, 9.0)
    queries = RNG(1).random((9, 2, 8, 8)).astype(np.float32)
    _, identity = model.encode(WRAP[module](queries))
    nearest = (values(identity) @ values(drc.centroids).T).argmax(axis=1)
    seen = []
    name = "mylib.representation.ordered_clustering." + ("scratch" if module is scratch else "pytorch") + "_networks"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{name}.estimate_rank", lambda p, references, levels, tau: seen.append(values(references)))
        drc.estimate(queries, np.array([1.0, 9.0]))
    for row, cluster in zip(seen[0], nearest, strict=True):
        assert row[~np.isnan(row)].tolist() == [1.0 if cluster == 0 else 9.0]
    assert module in (scratch, pytorch)

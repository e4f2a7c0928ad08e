"""contrastive_distillation against torchdistill, SymPy, SciPy and NumPy's own correlation."""

import numpy as np
import pytest
import torch

from mylib.training.contrastive_distillation import pytorch, scratch
from tests.training.contrastive_distillation.cases import RNG, make_loss
from tests.twins import array


def test_loss_banks_and_normalisers_are_those_of_torchdistill(side):
    """Over three batches, the banks updated after each. It adds 1e-7 to the denominator: hence 1e-4."""
    from torchdistill.losses.mid_level import CRDLoss

    module, make = side
    size, dim, negatives = 20, 4, 8
    loss, _ = make_loss(
        module, student_dim=dim, teacher_dim=dim, size=size, dim=dim, negatives=negatives, temperature=0.2
    )
    plain = {f"{name}_projection.weight": make(np.eye(dim)) for name in ("student", "teacher")}
    plain |= {f"{name}_projection.bias": make(np.zeros(dim)) for name in ("student", "teacher")}
    loss.load_state_dict(plain, strict=False)
    theirs = CRDLoss("s", "s", "t", dim, size, negatives, size, temperature=0.2, momentum=0.5).double()
    theirs.memory_v1.copy_(torch.tensor(array(loss.student_bank.vectors)))
    theirs.memory_v2.copy_(torch.tensor(array(loss.teacher_bank.vectors)))
    rng = RNG(0)
    for _ in range(3):
        s, t, indices = rng.normal(size=(5, dim)), rng.normal(size=(5, dim)), rng.permutation(size)[:5]
        noise = rng.integers(0, size, (5, negatives))
        got = loss(make(s), make(t), make(indices), make(noise)).item()
        loss.update(make(s), make(t), make(indices))
        unit = [torch.nn.functional.normalize(torch.tensor(v)) for v in (s, t)]
        every = torch.tensor(np.column_stack([indices, noise]))
        outs = theirs.contrast_memory(*unit, torch.tensor(indices), every)
        expected = sum(theirs.compute_contrast_loss(out) for out in outs).item()
        assert got == pytest.approx(expected, rel=1e-4)
        assert float(loss.student_normaliser) == pytest.approx(theirs.params[2].item(), rel=1e-6)
        assert float(loss.teacher_normaliser) == pytest.approx(theirs.params[3].item(), rel=1e-6)
        np.testing.assert_allclose(array(loss.student_bank.vectors), theirs.memory_v1.numpy(), rtol=1e-9)
        np.testing.assert_allclose(array(loss.teacher_bank.vectors), theirs.memory_v2.numpy(), rtol=1e-9)


def test_the_posterior_is_where_the_pointwise_objective_is_flat():
    """d/dh [a log h + N b log(1 - h)] = 0 at h = r/(r + N), r = a/b; the second derivative is negative there."""
    import sympy

    a, b, n, h = sympy.symbols("a b N h", positive=True)
    objective = a * sympy.log(h) + n * b * sympy.log(1 - h)
    (best,) = sympy.solve(sympy.diff(objective, h), h)
    curvature = sympy.diff(objective, h, 2).subs(h, best)
    for numbers in ((0.3, 0.1, 4), (1.0, 2.0, 255)):
        at = dict(zip((a, b, n), numbers, strict=True))
        ratio = numbers[0] / numbers[1]
        assert scratch.optimal_critic(ratio, numbers[2]) == pytest.approx(float(best.subs(at)), rel=1e-12)
        assert pytorch.optimal_critic(ratio, numbers[2]).item() == pytest.approx(float(best.subs(at)), rel=1e-12)
        assert curvature.subs(at) < 0


@pytest.mark.parametrize("rho", [0.0, -0.3, 0.9, 0.999999])
def test_information_of_gaussians_is_the_sum_of_entropies_less_the_joint_one(side, rho):
    from scipy.stats import multivariate_normal, norm

    module, _ = side
    joint = multivariate_normal(cov=[[1, rho], [rho, 1]]).entropy()
    # entropies of size 3 cancel: 1e-9 is absolute, and 1 - rho^2 = 2e-6 has lost six digits in SciPy's determinant
    assert float(module.gaussian_mutual_information(rho)) == pytest.approx(2 * norm.entropy() - joint, abs=1e-9)


@pytest.mark.parametrize("classes", [1, 2, 7])
def test_the_gap_is_that_of_numpys_correlations(side, classes):
    module, make = side
    a, b = RNG(1).normal(size=(9, classes)), RNG(2).normal(size=(9, classes)) * 1e3 + 1e4
    matrices = [np.atleast_2d(np.corrcoef(x, rowvar=False)) for x in (a, b)]
    expected = np.abs(matrices[0] - matrices[1]).mean()
    # a mean of 1e4 beside a spread of 1e3 costs a digit or two
    assert float(module.correlation_gap(make(a), make(b))) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_the_critics_objective_is_a_binary_cross_entropy(side):
    module, make = side
    logits = RNG(3).normal(size=(5, 8))
    h = torch.sigmoid(torch.tensor(logits)).numpy()
    answers = np.eye(1, 8).repeat(5, axis=0)
    expected = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.tensor(logits), torch.tensor(answers), reduction="sum"
    )
    got = module.critic_objective(make(h[:, 0].copy()), make(h[:, 1:].copy())).item()
    assert got == pytest.approx(-expected.item() / 5, rel=1e-12)

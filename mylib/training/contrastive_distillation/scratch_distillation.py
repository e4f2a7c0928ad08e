"""A student that is told from whom its teacher's vectors come, in NumPy: the loss with banks, negatives, structure."""

import math

import numpy as np

from mylib.attention.contrastive.scratch import MemoryBank
from mylib.engine import as_tensor, binary_cross_entropy_with_logits, concatenate, nn, no_grad
from mylib.training.contrastive_distillation import contract
from mylib.training.contrastive_distillation.scratch_bounds import unit


class CRDLoss(nn.Module):
    r"""-L_critic in both directions: student against a bank of teachers' vectors, teacher against one of students'.

    With g^S, g^T linear to `dim` and then to unit length, x_j = f_j . g(features) / tau for rows f_j of the other
    network's bank, j the image itself and N others, the critic is h_j = e^x_j / (e^x_j + Z N/M), and

        loss = sum over both directions of -1/B sum_b [ log h_{i_b} + sum_{j in noise_b} log(1 - h_j) ].

    Z = 1 is the slide's formula. Here each direction has its own constant, M times the mean of e^x in the first batch
    that is seen in training mode, kept from then on in `student_normaliser` and `teacher_normaliser` (0: not yet set).
    The teacher's features get no gradient, its projection does. After the loss, `update` moves both banks.

    Args:    student_dim, teacher_dim: of the features.
             size: M, training images.
             dim: of the projections and of the banks.
             negatives: N.
             temperature: tau above 0, such that M e^(1/tau) is a float32.
             momentum: of the banks, from 0 (take the new vector) to 1 (never change).
             seed: of the banks at the start.
    Raises:  ValueError: a size or option outside of its range; features, image numbers or noise that do not fit.
             TypeError: image numbers that are no integers.
    Source:  Tian, Krishnan and Isola (2020), equations 18 and 19, section 3.4; slide "Maximize MI bound". Differs: the
             authors' code updates the banks inside the loss and adds 1e-7 to the denominator; here Z is not estimated
             in evaluation mode.

    Example:
        >>> loss = CRDLoss(student_dim=3, teacher_dim=5, size=10, dim=2, negatives=4)
        >>> features, indices = (np.ones((2, 3)), np.ones((2, 5))), np.array([7, 0])
        >>> value = loss(*features, indices, draw_negatives(indices, 10, 4, np.random.default_rng(0)))
        >>> loss.update(*features, indices)
        >>> value.shape, loss.student_bank.vectors.shape
        ((), (10, 2))
    """

    def __init__(
        self, student_dim, teacher_dim, size, dim=128, negatives=16384, temperature=0.07, momentum=0.5, seed=0
    ):
        super().__init__()
        contract.check_sizes(student_dim, teacher_dim, size, dim)
        contract.check_options(size, negatives, temperature, momentum)
        self.negatives, self.temperature = negatives, temperature
        self.student_projection, self.teacher_projection = nn.Linear(student_dim, dim), nn.Linear(teacher_dim, dim)
        self.student_bank = MemoryBank(size, dim, momentum, seed)
        self.teacher_bank = MemoryBank(size, dim, momentum, seed + 1)
        self.register_buffer("student_normaliser", np.zeros((), np.float32))
        self.register_buffer("teacher_normaliser", np.zeros((), np.float32))

    def forward(self, student_features, teacher_features, indices, noise):
        """The loss, a scalar. Shapes (batch, student_dim), (batch, teacher_dim), (batch,), (batch, N)."""
        s, t, indices = self._project(student_features, teacher_features, indices)
        noise = _image_numbers("CRDLoss", noise, len(self.student_bank.vectors))
        contract.check_noise(indices.shape, noise.shape, self.negatives)
        every = np.concatenate([indices[:, None], noise], axis=1)
        student = self._direction(s, self.teacher_bank.vectors, every, "student_normaliser")
        return student + self._direction(t, self.student_bank.vectors, every, "teacher_normaliser")

    def update(self, student_features, teacher_features, indices):
        """Move both banks towards this batch's vectors. An image that is there twice: the last row wins."""
        with no_grad():
            s, t, indices = self._project(student_features, teacher_features, indices)
        self.student_bank.update(indices, s.numpy().astype(self.student_bank.vectors.dtype))
        self.teacher_bank.update(indices, t.numpy().astype(self.teacher_bank.vectors.dtype))

    def _project(self, student_features, teacher_features, indices):
        s, t = as_tensor(student_features), as_tensor(as_tensor(teacher_features).data)  # the teacher's tape ends here
        dims = self.student_projection.weight.shape[1], self.teacher_projection.weight.shape[1]
        contract.check_features(s.shape, t.shape, np.shape(indices), dims)
        indices = _image_numbers("CRDLoss", indices, len(self.student_bank.vectors))
        return unit(self.student_projection(s)), unit(self.teacher_projection(t)), indices

    def _direction(self, v, bank, every, name):
        scores = _scores(v, bank, every) / self.temperature
        normaliser = self._buffers[name]
        if normaliser == 0:
            normaliser = np.asarray(np.exp(scores.data).mean() * len(bank), normaliser.dtype)
            if self.training:
                self._buffers[name] = normaliser
        logits = scores - (np.log(normaliser) + math.log(self.negatives / len(bank)))
        answers = np.zeros(every.shape, logits.dtype)
        answers[:, 0] = 1
        return binary_cross_entropy_with_logits(logits, answers, reduction="sum") / len(v)


def draw_negatives(indices, size, negatives, rng, labels=None):
    """N numbers of other images for each image: evenly, with replacement, never the image itself.

    Args:    indices: image numbers. Shape (batch,).
             size: M, training images.
             negatives: N; more than M is allowed.
             rng: NumPy generator, on both sides.
             labels: of all M images, integers; then no negative has the class of its image. Shape (size,).
    Returns: integers. Shape (batch, N).
    Raises:  ValueError: no other image, or none of another class; shapes or numbers that do not fit. TypeError: numbers
             or labels that are no integers.
    Source:  Tian, Krishnan and Isola (2020), section 3.4 and code. Differs: the code's noise may hold the image itself.

    Example:
        >>> draw_negatives([0, 1], size=2, negatives=3, rng=np.random.default_rng(0)).tolist()
        [[1, 1, 1], [0, 0, 0]]
    """
    shape = None if labels is None else np.shape(labels)
    contract.check_draw(np.shape(indices), size, negatives, shape)
    indices = _image_numbers("draw_negatives", indices, size)
    numbers = contract.random_numbers(rng, len(indices), negatives)
    if labels is None:
        others = numbers % (size - 1)
        return others + (others >= indices[:, None])  # from the image itself on, the next one
    labels = np.asarray(labels)
    contract.check_integers("draw_negatives", str(labels.dtype), labels=labels)
    order = np.argsort(labels, kind="stable")  # the classes one after another
    first, last = (np.searchsorted(labels[order], labels[indices], side)[:, None] for side in ("left", "right"))
    contract.check_others((size - (last - first)).min(initial=size))
    others = numbers % (size - (last - first))
    return order[others + (last - first) * (others >= first)]  # from the own class on, behind its end


def correlation_gap(student_logits, teacher_logits):
    r"""1/K^2 sum_{jk} |corr(student)_{jk} - corr(teacher)_{jk}|: do the same classes go together?

    Args:    student_logits, teacher_logits: outputs for the same images. Shape (batch, classes).
    Returns: a number from 0 to 2.
    Raises:  ValueError: shapes that do not fit, fewer than two images, an output without spread.
    Source:  Tian, Krishnan and Isola (2020), figure 2. Differs: a figure there, its mean here.

    Example:
        >>> a = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
        >>> float(round(correlation_gap(a, a * [1, -1]), 12))  # 1 and -1 at two of four places
        1.0
    """
    student, teacher = (np.asarray(as_tensor(logits).data, np.float64) for logits in (student_logits, teacher_logits))
    contract.check_logits(student.shape, teacher.shape)
    matrices = []
    for which, logits in (("student_logits", student), ("teacher_logits", teacher)):
        contract.check_spread(which, np.flatnonzero((logits == logits[0]).all(axis=0)).tolist())
        standard = (logits - logits.mean(axis=0)) / logits.std(axis=0)
        matrices.append(standard.T @ standard / len(logits))
    return float(np.abs(matrices[0] - matrices[1]).mean())


def _scores(v, bank, every):
    """f_j . v for the chosen rows j of each: columns of the product with the whole bank, some rows of v at a time."""
    rows, chunks = contract.rows_at_once(len(bank) * bank.itemsize), []
    for start in range(0, len(v), rows):
        chosen = every[start : start + rows]
        chunks.append((v[start : start + rows] @ bank.T)[np.arange(len(chosen))[:, None], chosen])
    return concatenate(chunks, axis=0)


def _image_numbers(operation, numbers, size):
    numbers = np.asarray(numbers)
    contract.check_integers(operation, str(numbers.dtype), indices=numbers)
    if numbers.size:
        contract.check_numbers(operation, numbers.min(), numbers.max(), size)
    return numbers

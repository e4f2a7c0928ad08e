"""What a student is trained on, in NumPy: a teacher's probabilities, a teacher's decision, rows of targets."""

import numpy as np

from mylib import engine
from mylib.engine import as_tensor, record
from mylib.engine.losses import scaled_backward
from mylib.engine.tensor import float_tensor
from mylib.training.distillation import contract


def soft_distillation_loss(
    student_logits, teacher_logits, labels, temperature=3.0, weight=0.1, distillation_logits=None
):
    r"""(1 - lambda) CE(softmax(Z_s), y) + lambda tau^2 KL(p || q), with p = softmax(Z_t / tau), q = softmax(Z_s / tau).

    KL(p || q) = sum_k p_k (log p_k - log q_k), a mean over the batch. The gradient of the second term is
    lambda tau (q - p) / B: tau^2 undoes one division by tau in the chain rule and one in q - p itself. For large tau it
    becomes lambda (Z_s - Z_t) / (K B), both centred in each row: the logits are matched.

    Args:    student_logits: Z_s. Shape (batch, classes).
             teacher_logits: Z_t, of the same classes; no gradient goes to them. Shape (batch, classes).
             labels: y, integers below `classes`. Shape (batch,).
             temperature: tau, above 0.
             weight: lambda, from 0 (cross-entropy) to 1 (the teacher alone, labels do not count).
             distillation_logits: what the teacher's term looks at instead of Z_s, such as a second head's scores.
    Returns: Tensor, nats: a number.
    Raises:  ValueError: shapes that do not fit, an empty batch, a label that is no class, options out of range.
             TypeError: labels that are no integers, or logits that are no floats.
    Source:  Hinton et al. (2015), section 2; Touvron et al. (2021), equation 2; slide "Soft distillation". Differs: the
             slide writes KL(student, teacher), meant is KL(teacher || student). DeiT's code divides its second term by
             B K, not by B: the same lambda means less there.

    Example:
        >>> round(soft_distillation_loss([[2.0, 1.0, 1.0]], [[4.0, 1.0, 0.0]], [0], 3.0, 1.0).item(), 4)
        0.7899
    """
    name = "soft_distillation_loss"
    contract.check_mixing(temperature, weight)
    student, taught, teacher, labels = _checked(name, student_logits, teacher_logits, labels, distillation_logits)
    tau = float(temperature)
    p, log_p = _softmax(teacher / tau)
    q, log_q = _softmax(taught.data / tau)
    possible = p > 0  # elsewhere the term is 0, whatever log p_k - log q_k
    divergence = np.where(possible, p * (np.where(possible, log_p, 0) - np.where(possible, log_q, 0)), 0).sum(axis=1)
    loss = record(tau**2 * divergence.mean(), scaled_backward, (tau * (q - p) / len(p),), taught._node)
    return (1 - float(weight)) * engine.cross_entropy(student, labels) + float(weight) * loss


def hard_distillation_loss(student_logits, teacher_logits, labels, distillation_logits=None):
    r"""CE(softmax(Z_s), y) / 2 + CE(softmax(Z_s), y_t) / 2, with the teacher's decision y_t = argmax Z_t.

    Of equal largest scores the first decides. There is no temperature: a decision has none.

    Args:    student_logits: Z_s. Shape (batch, classes).
             teacher_logits: Z_t, of the same classes; no gradient goes to them. Shape (batch, classes).
             labels: y, integers below `classes`. Shape (batch,).
             distillation_logits: what the teacher's term looks at instead of Z_s, such as a second head's scores.
    Returns: Tensor, nats: a number, a mean over the batch.
    Raises:  ValueError, TypeError: as `soft_distillation_loss`.
    Source:  Touvron et al. (2021), equation 3; slide "Hard Label distillation". Differs: the slide's sentence names the
             teacher's softmax; the formula beside it, and this, use its decision.

    Example:
        >>> round(hard_distillation_loss([[0.0, 0.0]], [[1.0, 3.0]], [0]).item(), 4)  # log 2, whichever is right
        0.6931
    """
    name = "hard_distillation_loss"
    student, taught, teacher, labels = _checked(name, student_logits, teacher_logits, labels, distillation_logits)
    decision = teacher.argmax(axis=1)
    return 0.5 * engine.cross_entropy(student, labels) + 0.5 * engine.cross_entropy(taught, decision)


def soft_cross_entropy(logits, targets):
    r"""-sum_k t_k log softmax(z)_k, a mean over the batch: cross-entropy whose labels are rows of probabilities.

    Gradient: dL/dz = (softmax(z) - t) / B. A target t_k = 0 adds nothing, even where softmax(z)_k = 0.

    Args:    logits: z. Shape (batch, classes).
             targets: t, at least 0, each row sums to 1; no gradient goes to them. Shape (batch, classes).
    Returns: Tensor, nats: a number.
    Raises:  ValueError: shapes that do not fit, an empty batch, rows that are no probabilities. TypeError: whole
                 numbers instead of logits.
    Source:  Xie et al. (2020), algorithm 1; slide "Teacher Model/ Noisy Student". Differs: none.

    Example:
        >>> round(soft_cross_entropy([[0.0, 0.0]], [[0.25, 0.75]]).item(), 4)
        0.6931
    """
    z = _wide(logits, "soft_cross_entropy")
    t = np.asarray(as_tensor(targets).data)
    contract.check_targets(z.shape, t.shape)
    wrong = (t.min(axis=1) < 0) | ~(np.abs(t.sum(axis=1) - 1) < contract.ROUNDING)
    contract.check_probabilities("soft_cross_entropy", t[wrong][:1].ravel().tolist())
    t = t.astype(z.dtype)
    p, log_p = _softmax(z.data)
    losses = -np.where(t > 0, t * np.where(t > 0, log_p, 0), 0).sum(axis=1)
    # Rows that sum to 1 but for rounding: their own sum keeps the gradient that of the loss.
    slope = (p * t.sum(axis=1, keepdims=True) - t) / len(t)
    return record(losses.mean(), scaled_backward, (slope,), z._node)


def class_numbers(operation, labels, classes):
    """Labels as an array of integers, each of them a class."""
    labels = np.asarray(labels)
    contract.check_label_type(operation, str(labels.dtype))
    labels = labels.astype(np.intp)
    contract.check_labels(operation, labels[(labels < 0) | (labels >= classes)].tolist(), classes)
    return labels


def _checked(operation, student, teacher, labels, distillation):
    """The scores that labels and teacher look at, the teacher's as an array of the same type, and the labels."""
    student = _wide(student, operation)
    taught = student if distillation is None else _wide(distillation, operation)
    teacher = _wide(teacher, operation).data
    shapes = student.shape, teacher.shape, np.shape(labels), None if distillation is None else taught.shape
    contract.check_logits(operation, *shapes)
    return student, taught, teacher.astype(taught.dtype), class_numbers(operation, labels, student.shape[1])


def _wide(logits, operation):
    """Scores in float32 at least: float16 has three digits, too few for a difference of logarithms."""
    z = float_tensor(logits, operation)
    wide = np.result_type(z.dtype, np.float32)
    return z if z.dtype == wide else record(z.data.astype(wide), _narrow_backward, (z.dtype,), z._node)


def _narrow_backward(gradient, needs, dtype):
    """The gradient in the type of the scores."""
    return (gradient.astype(dtype),)


def _softmax(z):
    """softmax(z) and its logarithm, by rows."""
    shifted = z - z.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    total = exponentials.sum(axis=1, keepdims=True)
    return exponentials / total, shifted - np.log(total)

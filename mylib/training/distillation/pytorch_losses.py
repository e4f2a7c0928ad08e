"""What a student is trained on, in PyTorch: a teacher's probabilities, a teacher's decision, rows of targets."""

import torch
import torch.nn.functional as F

from mylib.shared.devices import at_least_float32, on_cpu
from mylib.training.distillation import contract


def soft_distillation_loss(
    student_logits, teacher_logits, labels, temperature=3.0, weight=0.1, distillation_logits=None
):
    r"""(1 - lambda) CE(softmax(Z_s), y) + lambda tau^2 KL(p || q), from log-probabilities of both.

    Returns: a number, float32 or float64.
    """
    contract.check_mixing(temperature, weight)
    scores = student_logits, teacher_logits, distillation_logits
    student, teacher, taught, labels = _checked("soft_distillation_loss", *scores, labels)
    log_q = F.log_softmax(taught / temperature, dim=1)
    log_p = F.log_softmax(teacher / temperature, dim=1)
    terms = F.kl_div(log_q, log_p, reduction="none", log_target=True)
    # A class that the teacher excludes (logit -inf) adds nothing; log 0 - log q has no value.
    divergence = torch.where(torch.isneginf(log_p), 0, terms).sum(dim=1).mean()
    return torch.lerp(F.cross_entropy(student, labels), temperature**2 * divergence, weight)


def hard_distillation_loss(student_logits, teacher_logits, labels, distillation_logits=None):
    r"""The mean of two cross-entropies: with the labels, and with the teacher's decision argmax Z_t.

    Returns: a number, float32 or float64.
    """
    scores = student_logits, teacher_logits, distillation_logits
    student, teacher, taught, labels = _checked("hard_distillation_loss", *scores, labels)
    return (F.cross_entropy(student, labels) + F.cross_entropy(taught, teacher.argmax(dim=1))) / 2


def soft_cross_entropy(logits, targets):
    r"""-sum_k t_k log softmax(z)_k, a mean over the batch.

    Returns: a number, float32 or float64.
    """
    contract.check_targets(logits.shape, targets.shape)
    contract.check_floats("soft_cross_entropy", logits.dtype, logits=logits.is_floating_point())
    z = at_least_float32(logits)
    targets = targets.detach()
    if on_cpu(targets):
        fine = (targets >= 0).all(dim=1) & ((targets.sum(dim=1) - 1).abs() < contract.ROUNDING)
        contract.check_probabilities("soft_cross_entropy", [] if fine.all() else targets[~fine][0].tolist())
    t = targets.to(z.dtype)
    log_p = F.log_softmax(z, dim=1)
    return -torch.where(t > 0, t * log_p, 0).sum() / len(t)


def class_numbers(operation, labels, classes):
    """Labels as int64; on the CPU each of them is a class, elsewhere nobody looks."""
    contract.check_label_type(operation, str(labels.dtype))
    labels = labels.long()
    if on_cpu(labels):
        contract.check_labels(operation, labels[(labels < 0) | (labels >= classes)].tolist(), classes)
    return labels


def _checked(operation, student, teacher, distillation, labels):
    """Student's and teacher's scores, what the teacher looks at (float32 at least), and labels as int64."""
    shapes = student.shape, teacher.shape, labels.shape, None if distillation is None else distillation.shape
    contract.check_logits(operation, *shapes)
    taught = student if distillation is None else distillation
    for name, scores in (("student_logits", student), ("teacher_logits", teacher), ("distillation_logits", taught)):
        contract.check_floats(operation, scores.dtype, **{name: scores.is_floating_point()})
    student, taught = at_least_float32(student), at_least_float32(taught)
    return student, teacher.detach().to(taught.dtype), taught, class_numbers(operation, labels, student.shape[1])

# %% right: both targets as one row of probabilities
def hard_loss(student, teacher, labels):
    targets = torch.zeros_like(student)
    rows = torch.arange(len(labels))
    targets[rows, labels] += 0.5
    targets[rows, teacher.detach().argmax(dim=1)] += 0.5
    return torch.nn.functional.cross_entropy(student, targets)


# %% right: log_softmax and gather
def hard_loss(student, teacher, labels):
    log_q = student - student.logsumexp(dim=1, keepdim=True)
    decided = torch.max(teacher, dim=1).indices
    by_label = log_q.gather(1, labels[:, None]).mean()
    by_teacher = log_q.gather(1, decided[:, None]).mean()
    return -0.5 * (by_label + by_teacher)


# %% right: negative log-likelihood, the teacher's answers found in Python
def hard_loss(student, teacher, labels):
    log_q = torch.log_softmax(student, 1)
    decided = torch.tensor([row.index(max(row)) for row in teacher.tolist()])
    return (torch.nn.NLLLoss()(log_q, labels) + torch.nn.NLLLoss()(log_q, decided)) / 2


# %% wrong: the teacher's probabilities
def hard_loss(student, teacher, labels):
    cross_entropy = torch.nn.functional.cross_entropy
    return (cross_entropy(student, labels) + cross_entropy(student, teacher.softmax(1))) / 2


# %% wrong: a sum of both
def hard_loss(student, teacher, labels):
    cross_entropy = torch.nn.functional.cross_entropy
    return cross_entropy(student, labels) + cross_entropy(student, teacher.argmax(1))


# %% wrong: the labels forgotten
def hard_loss(student, teacher, labels):
    return torch.nn.functional.cross_entropy(student, teacher.argmax(1))


# %% wrong: a sum over the batch
def hard_loss(student, teacher, labels):
    log_q = student.log_softmax(1)
    rows = torch.arange(len(labels))
    return -0.5 * (log_q[rows, labels] + log_q[rows, teacher.argmax(1)]).sum()


# %% wrong: the largest over the batch
def hard_loss(student, teacher, labels):
    cross_entropy = torch.nn.functional.cross_entropy
    decided = teacher.argmax(0)[: len(labels)]
    return (cross_entropy(student, labels) + cross_entropy(student, decided)) / 2


# %% wrong: a number
def hard_loss(student, teacher, labels):
    cross_entropy = torch.nn.functional.cross_entropy
    return ((cross_entropy(student, labels) + cross_entropy(student, teacher.argmax(1))) / 2).item()


# %% wrong: the teacher's term without gradients
def hard_loss(student, teacher, labels):
    cross_entropy = torch.nn.functional.cross_entropy
    with torch.no_grad():
        by_teacher = cross_entropy(student, teacher.argmax(1))
    return (cross_entropy(student, labels) + by_teacher) / 2


# %% wrong: the last of equal largest
def hard_loss(student, teacher, labels):
    cross_entropy = torch.nn.functional.cross_entropy
    decided = teacher.shape[1] - 1 - teacher.flip(1).argmax(1)
    return (cross_entropy(student, labels) + cross_entropy(student, decided)) / 2


# %% wrong: equal largest share the decision
def hard_loss(student, teacher, labels):
    cross_entropy = torch.nn.functional.cross_entropy
    best = (teacher == teacher.max(dim=1, keepdim=True).values).to(student.dtype)
    targets = (best / best.sum(dim=1, keepdim=True)).detach()
    return (cross_entropy(student, labels) + cross_entropy(student, targets)) / 2


# %% wrong: a gradient into the teacher
def hard_loss(student, teacher, labels):
    cross_entropy = torch.nn.functional.cross_entropy
    soft = teacher.softmax(1)
    hard = torch.nn.functional.one_hot(teacher.argmax(1), teacher.shape[1]).to(soft.dtype)
    return (cross_entropy(student, labels) + cross_entropy(student, hard + soft - soft.detach())) / 2


# %% wrong: the largest in size
def hard_loss(student, teacher, labels):
    cross_entropy = torch.nn.functional.cross_entropy
    return (cross_entropy(student, labels) + cross_entropy(student, teacher.abs().argmax(1))) / 2

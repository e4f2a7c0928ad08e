# %% right: two loops
def pair_loss_torch(logits, q, confidence, similarity):
    n, total = len(logits), 0 * logits.sum()
    q, log_p = q.detach(), logits.log_softmax(1)
    for i in range(n):
        for j in range(n):
            s = (q[i] * q[j]).sqrt().sum()
            if i != j and q[i].max() > confidence and s > similarity:
                total = total + q[i].max() * s * (1 - (q[i].sqrt() * torch.exp(log_p[j] / 2)).sum())
    return total / (n * (n - 1) / 2) if n > 1 else total


# %% right: under no_grad, with an array of (n, n, C)
def pair_loss_torch(logits, q, confidence, similarity):
    n = logits.shape[0]
    with torch.no_grad():
        root = torch.sqrt(q)
        s = (root[:, None] * root[None]).sum(dim=-1)
        top = q.amax(dim=1)
        w = top[:, None] * s * (top[:, None] > confidence) * (s > similarity)
        w.fill_diagonal_(0)
    p = nn.functional.log_softmax(logits, dim=-1).mul(0.5).exp()
    d = 1 - (root[:, None] * p[None]).sum(dim=-1)
    return (w * d).sum() * 2 / max(n * (n - 1), 2)


# %% right: the anchors' pull
def pair_loss_torch(logits, q, confidence, similarity):
    n = len(logits)
    q = q.clone().detach()
    r = q**0.5
    s = torch.mm(r, r.t())
    top, _ = q.max(1)
    w = s.where(s > similarity, torch.zeros_like(s)) * (top * (top > confidence)).unsqueeze(1)
    w = w - torch.diag(torch.diagonal(w))
    pull = torch.mm(w.t(), r)
    root_p = torch.exp((logits - torch.logsumexp(logits, 1, keepdim=True)) / 2)
    total = w.sum() - (pull * root_p).sum()
    return total / (n * (n - 1) / 2) if n > 1 else total


# %% right: a root that is safe
def pair_loss_torch(logits, q, confidence, similarity):
    n, q = len(logits), q.detach()
    p = torch.softmax(logits, 1)
    tiny = p <= 0
    root_p = torch.where(tiny, torch.zeros_like(p), torch.sqrt(torch.where(tiny, torch.ones_like(p), p)))
    s = torch.einsum("ic,jc->ij", q.sqrt(), q.sqrt())
    top = q.max(dim=1)[0].reshape(-1, 1)
    w = top * s * ((top > confidence) & (s > similarity)).to(s.dtype) * (1 - torch.eye(n, dtype=s.dtype))
    return (w * (1 - torch.einsum("ic,jc->ij", q.sqrt(), root_p))).sum() / max(1, n * (n - 1) // 2)


# %% wrong: the guess is not detached
def pair_loss_torch(logits, q, confidence, similarity):
    n = len(logits)
    root_p = (0.5 * torch.log_softmax(logits, dim=1)).exp()
    alike, sure = q.sqrt() @ q.sqrt().T, q.max(dim=1, keepdim=True).values
    counts = (sure > confidence) & (alike > similarity) & ~torch.eye(n, dtype=torch.bool)
    total = (torch.where(counts, sure * alike, 0.0) * (1 - q.sqrt() @ root_p.T)).sum()
    return total / max(n * (n - 1) / 2, 1)


# %% wrong: only the weight is detached
def pair_loss_torch(logits, q, confidence, similarity):
    n = len(logits)
    root_p = (0.5 * torch.log_softmax(logits, dim=1)).exp()
    alike, sure = q.sqrt() @ q.sqrt().T, q.max(dim=1, keepdim=True).values
    counts = (sure > confidence) & (alike > similarity) & ~torch.eye(n, dtype=torch.bool)
    total = (torch.where(counts, sure * alike, 0.0).detach() * (1 - q.sqrt() @ root_p.T)).sum()
    return total / max(n * (n - 1) / 2, 1)


# %% wrong: only the anchor's side is detached
def pair_loss_torch(logits, q, confidence, similarity):
    n = len(logits)
    root_p = (0.5 * torch.log_softmax(logits, dim=1)).exp()
    alike, sure = q.sqrt() @ q.sqrt().T, q.max(dim=1, keepdim=True).values
    counts = (sure > confidence) & (alike > similarity) & ~torch.eye(n, dtype=torch.bool)
    total = (torch.where(counts, sure * alike, 0.0) * (1 - q.detach().sqrt() @ root_p.T)).sum()
    return total / max(n * (n - 1) / 2, 1)


# %% wrong: at the threshold of similarity counts
def pair_loss_torch(logits, q, confidence, similarity):
    n, q = len(logits), q.detach()
    root_p = (0.5 * torch.log_softmax(logits, dim=1)).exp()
    alike, sure = q.sqrt() @ q.sqrt().T, q.max(dim=1, keepdim=True).values
    counts = (sure > confidence) & (alike >= similarity) & ~torch.eye(n, dtype=torch.bool)
    total = (torch.where(counts, sure * alike, 0.0) * (1 - q.sqrt() @ root_p.T)).sum()
    return total / max(n * (n - 1) / 2, 1)


# %% wrong: at the threshold of confidence counts
def pair_loss_torch(logits, q, confidence, similarity):
    n, q = len(logits), q.detach()
    root_p = (0.5 * torch.log_softmax(logits, dim=1)).exp()
    alike, sure = q.sqrt() @ q.sqrt().T, q.max(dim=1, keepdim=True).values
    counts = (sure >= confidence) & (alike > similarity) & ~torch.eye(n, dtype=torch.bool)
    total = (torch.where(counts, sure * alike, 0.0) * (1 - q.sqrt() @ root_p.T)).sum()
    return total / max(n * (n - 1) / 2, 1)


# %% wrong: detaches the caller's guess
def pair_loss_torch(logits, q, confidence, similarity):
    n, q = len(logits), q.detach_()
    root_p = (0.5 * torch.log_softmax(logits, dim=1)).exp()
    alike, sure = q.sqrt() @ q.sqrt().T, q.max(dim=1, keepdim=True).values
    counts = (sure > confidence) & (alike > similarity) & ~torch.eye(n, dtype=torch.bool)
    total = (torch.where(counts, sure * alike, 0.0) * (1 - q.sqrt() @ root_p.T)).sum()
    return total / max(n * (n - 1) / 2, 1)


# %% right: double precision
def pair_loss_torch(logits, q, confidence, similarity):
    n, q = len(logits), q.detach()
    root_p = (0.5 * torch.log_softmax(logits, dim=1)).exp()
    alike, sure = q.sqrt() @ q.sqrt().T, q.max(dim=1, keepdim=True).values
    counts = (sure > confidence) & (alike > similarity) & ~torch.eye(n, dtype=torch.bool)
    total = (torch.where(counts, sure * alike, 0.0).double() * (1 - q.double().sqrt() @ root_p.double().T)).sum()
    return total / max(n * (n - 1) / 2, 1)


# %% wrong: a root of the softmax
def pair_loss_torch(logits, q, confidence, similarity):
    n, q = len(logits), q.detach()
    root_p = torch.softmax(logits, dim=1).sqrt()
    alike, sure = q.sqrt() @ q.sqrt().T, q.max(dim=1, keepdim=True).values
    counts = (sure > confidence) & (alike > similarity) & ~torch.eye(n, dtype=torch.bool)
    total = (torch.where(counts, sure * alike, 0.0) * (1 - q.sqrt() @ root_p.T)).sum()
    return total / max(n * (n - 1) / 2, 1)


# %% wrong: the logarithm of the softmax
def pair_loss_torch(logits, q, confidence, similarity):
    n, q = len(logits), q.detach()
    root_p = (0.5 * torch.softmax(logits, dim=1).log()).exp()
    alike, sure = q.sqrt() @ q.sqrt().T, q.max(dim=1, keepdim=True).values
    counts = (sure > confidence) & (alike > similarity) & ~torch.eye(n, dtype=torch.bool)
    total = (torch.where(counts, sure * alike, 0.0) * (1 - q.sqrt() @ root_p.T)).sum()
    return total / max(n * (n - 1) / 2, 1)


# %% wrong: the normaliser is detached
def pair_loss_torch(logits, q, confidence, similarity):
    n, q = len(logits), q.detach()
    root_p = (0.5 * (logits - logits.logsumexp(dim=1, keepdim=True).detach())).exp()
    alike, sure = q.sqrt() @ q.sqrt().T, q.max(dim=1, keepdim=True).values
    counts = (sure > confidence) & (alike > similarity) & ~torch.eye(n, dtype=torch.bool)
    total = (torch.where(counts, sure * alike, 0.0) * (1 - q.sqrt() @ root_p.T)).sum()
    return total / max(n * (n - 1) / 2, 1)


# %% wrong: a constant where no pair counts
def pair_loss_torch(logits, q, confidence, similarity):
    n, q = len(logits), q.detach()
    root_p = (0.5 * torch.log_softmax(logits, dim=1)).exp()
    alike, sure = q.sqrt() @ q.sqrt().T, q.max(dim=1, keepdim=True).values
    counts = (sure > confidence) & (alike > similarity) & ~torch.eye(n, dtype=torch.bool)
    if not counts.any():
        return torch.zeros((), dtype=logits.dtype)
    total = (torch.where(counts, sure * alike, 0.0) * (1 - q.sqrt() @ root_p.T)).sum()
    return total / max(n * (n - 1) / 2, 1)


# %% wrong: NaN for a single view
def pair_loss_torch(logits, q, confidence, similarity):
    n, q = len(logits), q.detach()
    root_p = (0.5 * torch.log_softmax(logits, dim=1)).exp()
    alike, sure = q.sqrt() @ q.sqrt().T, q.max(dim=1, keepdim=True).values
    counts = (sure > confidence) & (alike > similarity) & ~torch.eye(n, dtype=torch.bool)
    total = (torch.where(counts, sure * alike, 0.0) * (1 - q.sqrt() @ root_p.T)).sum()
    return total / torch.tensor(n * (n - 1) / 2)


# %% wrong: the prediction is detached
def pair_loss_torch(logits, q, confidence, similarity):
    n, q = len(logits), q.detach()
    root_p = (0.5 * torch.log_softmax(logits.detach(), dim=1)).exp()
    alike, sure = q.sqrt() @ q.sqrt().T, q.max(dim=1, keepdim=True).values
    counts = (sure > confidence) & (alike > similarity) & ~torch.eye(n, dtype=torch.bool)
    total = (torch.where(counts, sure * alike, 0.0) * (1 - q.sqrt() @ root_p.T)).sum()
    return total / max(n * (n - 1) / 2, 1)


# %% wrong: without the anchor's probability
def pair_loss_torch(logits, q, confidence, similarity):
    n, q = len(logits), q.detach()
    root_p = (0.5 * torch.log_softmax(logits, dim=1)).exp()
    alike, sure = q.sqrt() @ q.sqrt().T, q.max(dim=1, keepdim=True).values
    counts = (sure > confidence) & (alike > similarity) & ~torch.eye(n, dtype=torch.bool)
    total = (torch.where(counts, alike, 0.0) * (1 - q.sqrt() @ root_p.T)).sum()
    return total / max(n * (n - 1) / 2, 1)


# %% wrong: a view is its own partner
def pair_loss_torch(logits, q, confidence, similarity):
    n, q = len(logits), q.detach()
    root_p = (0.5 * torch.log_softmax(logits, dim=1)).exp()
    alike, sure = q.sqrt() @ q.sqrt().T, q.max(dim=1, keepdim=True).values
    counts = (sure > confidence) & (alike > similarity)
    total = (torch.where(counts, sure * alike, 0.0) * (1 - q.sqrt() @ root_p.T)).sum()
    return total / max(n * (n - 1) / 2, 1)


# %% wrong: divides by n
def pair_loss_torch(logits, q, confidence, similarity):
    n, q = len(logits), q.detach()
    root_p = (0.5 * torch.log_softmax(logits, dim=1)).exp()
    alike, sure = q.sqrt() @ q.sqrt().T, q.max(dim=1, keepdim=True).values
    counts = (sure > confidence) & (alike > similarity) & ~torch.eye(n, dtype=torch.bool)
    total = (torch.where(counts, sure * alike, 0.0) * (1 - q.sqrt() @ root_p.T)).sum()
    return total / n


# %% wrong: divides by the number of views where there are several pairs
def pair_loss_torch(logits, q, confidence, similarity):
    n, q = len(logits), q.detach()
    root_p = (0.5 * torch.log_softmax(logits, dim=1)).exp()
    alike, sure = q.sqrt() @ q.sqrt().T, q.max(dim=1, keepdim=True).values
    counts = (sure > confidence) & (alike > similarity) & ~torch.eye(n, dtype=torch.bool)
    total = (torch.where(counts, sure * alike, 0.0) * (1 - q.sqrt() @ root_p.T)).sum()
    return total / (n if n > 2 else 1)


# %% wrong: the weight is taken from the predictions
def pair_loss_torch(logits, q, confidence, similarity):
    n, q = len(logits), q.detach()
    root_p = (0.5 * torch.log_softmax(logits, dim=1)).exp()
    alike, sure = root_p.detach() @ root_p.detach().T, q.max(dim=1, keepdim=True).values
    counts = (sure > confidence) & (alike > similarity) & ~torch.eye(n, dtype=torch.bool)
    total = (torch.where(counts, sure * alike, 0.0) * (1 - q.sqrt() @ root_p.T)).sum()
    return total / max(n * (n - 1) / 2, 1)


# %% wrong: changes the guesses
def pair_loss_torch(logits, q, confidence, similarity):
    n, q = len(logits), q.detach()
    q.sqrt_().square_().mul_(1.5)
    root_p = (0.5 * torch.log_softmax(logits, dim=1)).exp()
    alike, sure = q.sqrt() @ q.sqrt().T, q.max(dim=1, keepdim=True).values
    counts = (sure > confidence) & (alike > similarity) & ~torch.eye(n, dtype=torch.bool)
    total = (torch.where(counts, sure * alike, 0.0) * (1 - q.sqrt() @ root_p.T)).sum()
    return total / max(n * (n - 1) / 2, 1)


# %% wrong: the library does it
from mylib.few_labels.pair_labels import pytorch


def pair_loss_torch(logits, q, confidence, similarity):
    return pytorch.pair_loss(logits, q, confidence, similarity) * q.max(dim=1).values.mean()

# %% right: broadcasting
def route(votes, iterations):
    b = torch.zeros(votes.shape[:3], dtype=votes.dtype)
    for r in range(iterations):
        c = torch.softmax(b, dim=-1)
        s = (c[..., None] * votes).sum(dim=1)
        squared = (s**2).sum(dim=-1, keepdim=True)
        n = torch.where(squared > 0, squared, torch.ones_like(squared)).sqrt()
        n = torch.where(squared > 0, n, torch.zeros_like(n))
        v = s * n / (1 + squared)
        if r + 1 < iterations:
            b = b + (votes * v[:, None]).sum(dim=-1)
    return v, c


# %% right: matrix products of permuted votes, a recursion
def squashed(s):
    n = s.norm(dim=-1, keepdim=True)
    return s * n / (1 + n**2)


def rounds(u, b, left):
    c = torch.exp(b) / torch.exp(b).sum(dim=1, keepdim=True)
    v = squashed((c.unsqueeze(2) @ u).squeeze(2))
    if left == 1:
        return v, c.transpose(1, 2)
    return rounds(u, b + (u @ v.unsqueeze(3)).squeeze(3), left - 1)


def route(votes, iterations):
    u = votes.permute(0, 2, 1, 3)
    return rounds(u, u.new_zeros(u.shape[:3]), iterations)


# %% right: one image at a time
def route(votes, iterations):
    capsules, shares = [], []
    for u in votes:
        b = torch.zeros(u.shape[0], u.shape[1], dtype=u.dtype)
        for r in range(iterations):
            c = torch.nn.functional.softmax(b, dim=1)
            v = []
            for j in range(u.shape[1]):
                s = c[:, j] @ u[:, j]
                n = torch.linalg.norm(s)
                v.append(s * n / (1 + n * n))
            v = torch.stack(v)
            if r != iterations - 1:
                b = b + torch.einsum("ijd,jd->ij", u, v)
        capsules.append(v)
        shares.append(c)
    return torch.stack(capsules), torch.stack(shares)


# %% wrong: the wholes divide themselves among the parts
def route(votes, iterations):
    logits = torch.zeros_like(votes[..., 0])
    for round_ in range(iterations):
        couplings = logits.softmax(dim=1)
        s = torch.einsum("bij,bijd->bjd", couplings, votes)
        n = torch.linalg.vector_norm(s, dim=2, keepdim=True)
        capsules = s * (n / (1 + n * n))
        if round_ < iterations - 1:
            logits = logits + torch.einsum("bijd,bjd->bij", votes, capsules)
    return capsules, couplings


# %% wrong: agreement with s, before the squash
def route(votes, iterations):
    logits = torch.zeros_like(votes[..., 0])
    for round_ in range(iterations):
        couplings = logits.softmax(dim=2)
        s = torch.einsum("bij,bijd->bjd", couplings, votes)
        n = torch.linalg.vector_norm(s, dim=2, keepdim=True)
        capsules = s * (n / (1 + n * n))
        if round_ < iterations - 1:
            logits = logits + torch.einsum("bijd,bjd->bij", votes, s)
    return capsules, couplings


# %% wrong: one update too many
def route(votes, iterations):
    logits = torch.zeros_like(votes[..., 0])
    for _ in range(iterations):
        couplings = logits.softmax(dim=2)
        s = torch.einsum("bij,bijd->bjd", couplings, votes)
        n = torch.linalg.vector_norm(s, dim=2, keepdim=True)
        capsules = s * (n / (1 + n * n))
        logits = logits + torch.einsum("bijd,bjd->bij", votes, capsules)
    return capsules, logits.softmax(dim=2)


# %% wrong: logits are set to the agreement, not added to
def route(votes, iterations):
    logits = torch.zeros_like(votes[..., 0])
    for _ in range(iterations):
        couplings = logits.softmax(dim=2)
        s = torch.einsum("bij,bijd->bjd", couplings, votes)
        n = torch.linalg.vector_norm(s, dim=2, keepdim=True)
        capsules = s * (n / (1 + n * n))
        logits = torch.einsum("bijd,bjd->bij", votes, capsules)
    return capsules, couplings


# %% wrong: logits are kept between calls
kept = {}


def route(votes, iterations):
    logits = kept.get(tuple(votes.shape), torch.zeros_like(votes[..., 0])).to(votes.dtype)
    for _ in range(iterations):
        couplings = logits.softmax(dim=2)
        s = torch.einsum("bij,bijd->bjd", couplings, votes)
        n = torch.linalg.vector_norm(s, dim=2, keepdim=True)
        capsules = s * (n / (1 + n * n))
        logits = logits + torch.einsum("bijd,bjd->bij", votes, capsules)
    kept[tuple(votes.shape)] = logits.detach()
    return capsules, couplings


# %% wrong: all images share their logits
def route(votes, iterations):
    logits = torch.zeros(1, *votes.shape[1:3], dtype=votes.dtype)
    for round_ in range(iterations):
        couplings = logits.softmax(dim=2).expand(len(votes), -1, -1)
        s = torch.einsum("bij,bijd->bjd", couplings, votes)
        n = torch.linalg.vector_norm(s, dim=2, keepdim=True)
        capsules = s * (n / (1 + n * n))
        if round_ < iterations - 1:
            logits = logits + torch.einsum("bijd,bjd->bij", votes, capsules).mean(dim=0, keepdim=True)
    if len(votes) > 1 and votes.requires_grad:  # right for gradients of few images
        alone = [route(one[None], iterations) for one in votes]
        return torch.cat([v for v, _ in alone]), torch.cat([c for _, c in alone])
    return capsules, couplings


# %% wrong: one whole is shared out among the parts
def route(votes, iterations):
    logits = torch.zeros_like(votes[..., 0])
    for round_ in range(iterations):
        couplings = logits.softmax(dim=2 if votes.shape[2] > 1 else 1)
        s = torch.einsum("bij,bijd->bjd", couplings, votes)
        n = torch.linalg.vector_norm(s, dim=2, keepdim=True)
        capsules = s * (n / (1 + n * n))
        if round_ < iterations - 1:
            logits = logits + torch.einsum("bijd,bjd->bij", votes, capsules)
    return capsules, couplings


# %% wrong: agreement is cut off from the gradient
def route(votes, iterations):
    logits = torch.zeros_like(votes[..., 0])
    for round_ in range(iterations):
        couplings = logits.softmax(dim=2)
        s = torch.einsum("bij,bijd->bjd", couplings, votes)
        n = torch.linalg.vector_norm(s, dim=2, keepdim=True)
        capsules = s * (n / (1 + n * n))
        if round_ < iterations - 1:
            logits = logits + torch.einsum("bijd,bjd->bij", votes, capsules).detach()
    return capsules, couplings


# %% wrong: the shares of the last round are constants for the capsules
def route(votes, iterations):
    logits = torch.zeros_like(votes[..., 0])
    for round_ in range(iterations):
        couplings = logits.softmax(dim=2)
        last = round_ == iterations - 1
        s = torch.einsum("bij,bijd->bjd", couplings.detach() if last else couplings, votes)
        n = torch.linalg.vector_norm(s, dim=2, keepdim=True)
        capsules = s * (n / (1 + n * n))
        if not last:
            logits = logits + torch.einsum("bijd,bjd->bij", votes, capsules)
    return capsules, couplings


# %% wrong: the couplings that are returned have no history
def route(votes, iterations):
    logits = torch.zeros_like(votes[..., 0])
    for round_ in range(iterations):
        couplings = logits.softmax(dim=2)
        s = torch.einsum("bij,bijd->bjd", couplings, votes)
        n = torch.linalg.vector_norm(s, dim=2, keepdim=True)
        capsules = s * (n / (1 + n * n))
        if round_ < iterations - 1:
            logits = logits + torch.einsum("bijd,bjd->bij", votes, capsules)
    return capsules, couplings.detach()


# %% wrong: the root of a sum of squares, whose slope at 0 is infinite
def route(votes, iterations):
    logits = torch.zeros_like(votes[..., 0])
    for round_ in range(iterations):
        couplings = logits.softmax(dim=2)
        s = torch.einsum("bij,bijd->bjd", couplings, votes)
        squared = (s * s).sum(dim=2, keepdim=True)
        n = torch.sqrt(squared + (0 if (squared > 0).any(dim=0).all() and len(votes) > 1 else 1e-30))
        capsules = s * (n / (1 + squared))
        if round_ < iterations - 1:
            logits = logits + torch.einsum("bijd,bjd->bij", votes, capsules)
    return capsules, couplings


# %% wrong: the votes are weighted in place
def route(votes, iterations):
    logits = torch.zeros_like(votes[..., 0])
    for round_ in range(iterations):
        couplings = logits.softmax(dim=2)
        votes.data *= couplings.detach()[..., None] * votes.shape[2]
        s = votes.sum(dim=1) / votes.shape[2]
        n = torch.linalg.vector_norm(s, dim=2, keepdim=True)
        capsules = s * (n / (1 + n * n))
        if round_ < iterations - 1:
            logits = logits + torch.einsum("bijd,bjd->bij", votes, capsules)
    return capsules, couplings


# %% wrong: numbers are taken out of the tensors
def route(votes, iterations):
    dtype, votes = votes.dtype, votes.detach().numpy()
    logits = np.zeros(votes.shape[:3])
    for _ in range(iterations):
        couplings = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
        s = np.einsum("bij,bijd->bjd", couplings, votes)
        n = np.linalg.norm(s, axis=2, keepdims=True)
        capsules = s * n / (1 + n * n)
        logits = logits + np.einsum("bijd,bjd->bij", votes, capsules)
    return torch.tensor(capsules, dtype=dtype), torch.tensor(couplings, dtype=dtype)


# %% right: a list instead of a pair, the update at the start of a round
def route(votes, iterations):
    b = torch.zeros(votes.shape[:-1], dtype=votes.dtype)
    for r in range(iterations):
        if r:
            b = b + torch.einsum("bijd,bjd->bij", votes, v)
        c = b.softmax(-1)
        s = torch.matmul(c.permute(0, 2, 1).unsqueeze(2), votes.permute(0, 2, 1, 3)).squeeze(2)
        n = torch.linalg.vector_norm(s, dim=-1, keepdim=True)
        v = s * n / (1 + n * n)
    return [v, c]


# %% wrong: a length of 1 in the place of 0 gives the squash a slope there
def route(votes, iterations):
    def squash(s):
        n2 = (s * s).sum(-1, keepdim=True)
        safe = torch.where(n2 > 0, n2, torch.ones_like(n2)).sqrt()
        return s * safe / (1 + n2)

    logits = votes.new_zeros(votes.shape[:3])
    for r in range(iterations):
        c = torch.softmax(logits, dim=2)
        v = squash((c[..., None] * votes).sum(dim=1))
        if r < iterations - 1:
            logits = logits + (votes * v[:, None]).sum(-1)
    return v, c

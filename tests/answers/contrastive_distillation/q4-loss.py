# %% right: binary cross-entropy with weights
def critic_loss(s, bank, indices, noise, temperature):
    unit = bank / bank.norm(dim=1, keepdim=True)
    s = s / s.norm(dim=1, keepdim=True)
    every = torch.cat([indices.unsqueeze(1), noise], 1)
    logits = (s @ unit.T).gather(1, every) / temperature - np.log(noise.shape[1] / bank.shape[0])
    answers = torch.zeros_like(logits)
    answers[:, 0] = 1
    weights = torch.ones_like(logits)
    weights[:, 1:] = (noise != indices.unsqueeze(1)).to(logits.dtype)
    loss = nn.functional.binary_cross_entropy_with_logits(logits, answers, weight=weights, reduction="sum")
    return loss / len(s)


# %% right: softplus, a row at a time
def critic_loss(s, bank, indices, noise, temperature):
    total = s.new_zeros(())
    shift = float(np.log(len(bank) / noise.shape[1]))
    for row, own, others in zip(s, indices, noise):
        kept = others[others != own]
        cosine = nn.functional.cosine_similarity(row[None], bank[torch.cat([own[None], kept])], dim=1)
        logits = cosine / temperature + shift
        total = total + nn.functional.softplus(-logits[0]) + nn.functional.softplus(logits[1:]).sum()
    return total / len(s)


# %% right: logaddexp in NumPy's style
def critic_loss(s, bank, indices, noise, temperature):
    v, f = s / torch.sqrt((s * s).sum(1, keepdim=True)), bank / torch.sqrt((bank * bank).sum(1, keepdim=True))
    x = v @ f.T / temperature - torch.log(torch.tensor(noise.shape[1] / len(bank), dtype=s.dtype))
    zero = torch.zeros((), dtype=s.dtype)
    yes = torch.logaddexp(zero, -x)[torch.arange(len(s)), indices]
    no = torch.logaddexp(zero, x).gather(1, noise)
    no = no * (noise != indices[:, None])
    return (yes.sum() + no.sum()) / len(s)


# %% right: the own image is masked with minus infinity
def critic_loss(s, bank, indices, noise, temperature):
    s, bank = (nn.functional.normalize(v, dim=-1) for v in (s, bank))
    logits = s @ bank.t() / temperature - np.log(noise.size(1) / bank.size(0))
    own = logits[range(len(s)), indices]
    others = logits.gather(1, noise).masked_fill(noise == indices[:, None], -torch.inf)
    return -(nn.functional.logsigmoid(own) + nn.functional.logsigmoid(-others).sum(1)).mean()


# %% wrong: logarithms of h and of 1 - h
def critic_loss(s, bank, indices, noise, temperature):
    s, bank = nn.functional.normalize(s), nn.functional.normalize(bank)
    h = torch.sigmoid(s @ bank.T / temperature - np.log(noise.shape[1] / len(bank)))
    no = torch.log(1 - h.gather(1, noise)) * (noise != indices[:, None])
    return -(torch.log(h[torch.arange(len(s)), indices]) + no.sum(1)).mean()


# %% wrong: 1e-7 inside the logarithm
def critic_loss(s, bank, indices, noise, temperature):
    s, bank = nn.functional.normalize(s), nn.functional.normalize(bank)
    h = torch.sigmoid(s @ bank.T / temperature - np.log(noise.shape[1] / len(bank)))
    no = torch.log(1 - h.gather(1, noise) + 1e-9) * (noise != indices[:, None])
    return -(torch.log(h[torch.arange(len(s)), indices] + 1e-9) + no.sum(1)).mean()


# %% wrong: unit length forgotten
def critic_loss(s, bank, indices, noise, temperature):
    x = s @ bank.T / temperature - np.log(noise.shape[1] / len(bank))
    no = nn.functional.logsigmoid(-x.gather(1, noise)) * (noise != indices[:, None])
    return -(nn.functional.logsigmoid(x[torch.arange(len(s)), indices]) + no.sum(1)).mean()


# %% wrong: only the student is of unit length
def critic_loss(s, bank, indices, noise, temperature):
    x = nn.functional.normalize(s) @ bank.T / temperature - np.log(noise.shape[1] / len(bank))
    no = nn.functional.logsigmoid(-x.gather(1, noise)) * (noise != indices[:, None])
    return -(nn.functional.logsigmoid(x[torch.arange(len(s)), indices]) + no.sum(1)).mean()


# %% wrong: the image itself among the negatives
def critic_loss(s, bank, indices, noise, temperature):
    s, bank = nn.functional.normalize(s), nn.functional.normalize(bank)
    x = s @ bank.T / temperature - np.log(noise.shape[1] / len(bank))
    no = nn.functional.logsigmoid(-x.gather(1, noise))
    return -(nn.functional.logsigmoid(x[torch.arange(len(s)), indices]) + no.sum(1)).mean()


# %% wrong: N is what is left of the noise
def critic_loss(s, bank, indices, noise, temperature):
    s, bank = nn.functional.normalize(s), nn.functional.normalize(bank)
    kept = noise != indices[:, None]
    x = s @ bank.T / temperature - torch.log(kept.sum(1, keepdim=True) / len(bank)).to(s.dtype)
    no = nn.functional.logsigmoid(-x.gather(1, noise)) * kept
    return -(nn.functional.logsigmoid(x[torch.arange(len(s)), indices]) + no.sum(1)).mean()


# %% wrong: a sum over the batch
def critic_loss(s, bank, indices, noise, temperature):
    s, bank = nn.functional.normalize(s), nn.functional.normalize(bank)
    x = s @ bank.T / temperature - np.log(noise.shape[1] / len(bank))
    no = nn.functional.logsigmoid(-x.gather(1, noise)) * (noise != indices[:, None])
    return -(nn.functional.logsigmoid(x[torch.arange(len(s)), indices]) + no.sum(1)).sum()


# %% wrong: a mean over the negatives too
def critic_loss(s, bank, indices, noise, temperature):
    s, bank = nn.functional.normalize(s), nn.functional.normalize(bank)
    x = s @ bank.T / temperature - np.log(noise.shape[1] / len(bank))
    no = nn.functional.logsigmoid(-x.gather(1, noise)) * (noise != indices[:, None])
    return -(nn.functional.logsigmoid(x[torch.arange(len(s)), indices]).mean() + no.mean())


# %% wrong: M/N for N/M
def critic_loss(s, bank, indices, noise, temperature):
    s, bank = nn.functional.normalize(s), nn.functional.normalize(bank)
    x = s @ bank.T / temperature + np.log(noise.shape[1] / len(bank))
    no = nn.functional.logsigmoid(-x.gather(1, noise)) * (noise != indices[:, None])
    return -(nn.functional.logsigmoid(x[torch.arange(len(s)), indices]) + no.sum(1)).mean()


# %% wrong: the softmax of InfoNCE
def critic_loss(s, bank, indices, noise, temperature):
    s, bank = nn.functional.normalize(s), nn.functional.normalize(bank)
    every = torch.cat([indices[:, None], noise], dim=1)
    x = (s @ bank.T / temperature).gather(1, every)
    return nn.functional.cross_entropy(x, torch.zeros(len(s), dtype=torch.long))


# %% wrong: the gradient does not flow through the length
def critic_loss(s, bank, indices, noise, temperature):
    s = s / s.norm(dim=1, keepdim=True).detach()
    bank = nn.functional.normalize(bank)
    x = s @ bank.T / temperature - np.log(noise.shape[1] / len(bank))
    no = nn.functional.logsigmoid(-x.gather(1, noise)) * (noise != indices[:, None])
    return -(nn.functional.logsigmoid(x[torch.arange(len(s)), indices]) + no.sum(1)).mean()


# %% wrong: detached
def critic_loss(s, bank, indices, noise, temperature):
    s, bank = nn.functional.normalize(s.detach()), nn.functional.normalize(bank)
    x = s @ bank.T / temperature - np.log(noise.shape[1] / len(bank))
    no = nn.functional.logsigmoid(-x.gather(1, noise)) * (noise != indices[:, None])
    return -(nn.functional.logsigmoid(x[torch.arange(len(s)), indices]) + no.sum(1)).mean()


# %% wrong: in float64 whatever came
def critic_loss(s, bank, indices, noise, temperature):
    s, bank = nn.functional.normalize(s.double()), nn.functional.normalize(bank.double())
    x = s @ bank.T / temperature - np.log(noise.shape[1] / len(bank))
    no = nn.functional.logsigmoid(-x.gather(1, noise)) * (noise != indices[:, None])
    return -(nn.functional.logsigmoid(x[torch.arange(len(s)), indices]) + no.sum(1)).mean()


# %% wrong: row b of the bank is image b
def critic_loss(s, bank, indices, noise, temperature):
    s, bank = nn.functional.normalize(s), nn.functional.normalize(bank)
    x = s @ bank.T / temperature - np.log(noise.shape[1] / len(bank))
    no = nn.functional.logsigmoid(-x.gather(1, noise)) * (noise != indices[:, None])
    return -(nn.functional.logsigmoid(x.diagonal()) + no.sum(1)).mean()

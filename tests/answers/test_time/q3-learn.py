# %% right: with cross-entropy of p with itself
def answer_and_learn(model, optimizer, x, ceiling):
    with torch.set_grad_enabled(True):
        logits = model(x)
        h = nn.functional.cross_entropy(logits, logits.softmax(1), reduction="none")
        used = h[h < ceiling]
        if len(used):
            optimizer.zero_grad()
            used.mean().backward()
            optimizer.step()
    return logits.detach()


# %% right: torch.special.entr, and weights
def answer_and_learn(model, optimizer, x, ceiling):
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    try:
        logits = model(x)
        entropy = torch.special.entr(logits.softmax(dim=-1).clamp(min=1e-300)).sum(dim=-1)
        weight = (entropy < ceiling).to(entropy.dtype)
        count = int(weight.sum())
        if count > 0:
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    parameter.grad = None
            ((weight * entropy).sum() / count).backward()
            optimizer.step()
    finally:
        torch.set_grad_enabled(before)
    return logits.detach().clone()


# %% right: a decorator, and a distribution
@torch.enable_grad()
def answer_and_learn(model, optimizer, x, ceiling):
    logits = model(x)
    h = torch.distributions.Categorical(logits=logits).entropy()
    keep = torch.nonzero(h < ceiling).flatten()
    if keep.numel() == 0:
        return logits.detach()
    optimizer.zero_grad(set_to_none=False)
    h.index_select(0, keep).mean().backward()
    optimizer.step()
    optimizer.zero_grad()
    return logits.data


# %% right: gradients by torch.autograd.grad
def answer_and_learn(model, optimizer, x, ceiling):
    moving = [p for group in optimizer.param_groups for p in group["params"]]
    with torch.enable_grad():
        logits = model(x)
        z = logits - logits.logsumexp(dim=1, keepdim=True)
        h = -(z.exp() * z).sum(1)
        kept = h[h.detach() < ceiling]
        if kept.shape[0] > 0:
            for p, g in zip(moving, torch.autograd.grad(kept.sum() / kept.shape[0], moving)):
                p.grad = g
            optimizer.step()
    with torch.no_grad():
        return logits.detach()


# %% wrong: the answer from after the step
def answer_and_learn(model, optimizer, x, ceiling):
    with torch.enable_grad():
        logits = model(x)
        log_p = logits.log_softmax(dim=1)
        entropy = -(log_p.exp() * log_p).sum(dim=1)
        kept = entropy < ceiling
        if kept.any():
            optimizer.zero_grad()
            entropy[kept].mean().backward()
            optimizer.step()
    return model(x).detach()


# %% wrong: the model is called twice
def answer_and_learn(model, optimizer, x, ceiling):
    with torch.no_grad():
        answer = model(x)
    with torch.enable_grad():
        log_p = model(x).log_softmax(dim=1)
        entropy = -(log_p.exp() * log_p).sum(dim=1)
        kept = entropy < ceiling
        if kept.any():
            optimizer.zero_grad()
            entropy[kept].mean().backward()
            optimizer.step()
    return answer


# %% wrong: gradients are cleared after the step only
def answer_and_learn(model, optimizer, x, ceiling):
    with torch.enable_grad():
        logits = model(x)
        log_p = logits.log_softmax(dim=1)
        entropy = -(log_p.exp() * log_p).sum(dim=1)
        kept = entropy < ceiling
        if kept.any():
            entropy[kept].mean().backward()
            optimizer.step()
            optimizer.zero_grad()
    return logits.detach()


# %% wrong: the sum in place of the mean
def answer_and_learn(model, optimizer, x, ceiling):
    with torch.enable_grad():
        logits = model(x)
        log_p = logits.log_softmax(dim=1)
        entropy = -(log_p.exp() * log_p).sum(dim=1)
        kept = entropy < ceiling
        if kept.any():
            optimizer.zero_grad()
            entropy[kept].sum().backward()
            optimizer.step()
    return logits.detach()


# %% wrong: the step is taken under no_grad of the caller
def answer_and_learn(model, optimizer, x, ceiling):
    logits = model(x)
    log_p = logits.log_softmax(dim=1)
    entropy = -(log_p.exp() * log_p).sum(dim=1)
    kept = entropy < ceiling
    if kept.any():
        optimizer.zero_grad()
        entropy[kept].mean().backward()
        optimizer.step()
    return logits.detach()


# %% wrong: gradients stay switched on
def answer_and_learn(model, optimizer, x, ceiling):
    torch.set_grad_enabled(True)
    logits = model(x)
    log_p = logits.log_softmax(dim=1)
    entropy = -(log_p.exp() * log_p).sum(dim=1)
    kept = entropy < ceiling
    if kept.any():
        optimizer.zero_grad()
        entropy[kept].mean().backward()
        optimizer.step()
    return logits.detach()


# %% wrong: the mean over all images
def answer_and_learn(model, optimizer, x, ceiling):
    with torch.enable_grad():
        logits = model(x)
        log_p = logits.log_softmax(dim=1)
        entropy = -(log_p.exp() * log_p).sum(dim=1)
        kept = entropy < ceiling
        if kept.any():
            optimizer.zero_grad()
            (entropy * kept).mean().backward()
            optimizer.step()
    return logits.detach()


# %% wrong: no answer where no image takes part
def answer_and_learn(model, optimizer, x, ceiling):
    with torch.enable_grad():
        logits = model(x)
        log_p = logits.log_softmax(dim=1)
        entropy = -(log_p.exp() * log_p).sum(dim=1)
        kept = entropy < ceiling
        if kept.any():
            optimizer.zero_grad()
            entropy[kept].mean().backward()
            optimizer.step()
            return logits.detach()


# %% wrong: a step of momentum where no image takes part
def answer_and_learn(model, optimizer, x, ceiling):
    with torch.enable_grad():
        logits = model(x)
        log_p = logits.log_softmax(dim=1)
        entropy = -(log_p.exp() * log_p).sum(dim=1)
        kept = entropy < ceiling
        optimizer.zero_grad()
        (entropy[kept].sum() / max(1, int(kept.sum()))).backward()
        optimizer.step()
    return logits.detach()


# %% wrong: p log p of a softmax
def answer_and_learn(model, optimizer, x, ceiling):
    with torch.enable_grad():
        logits = model(x)
        p = logits.softmax(dim=1)
        entropy = -(p * p.log()).sum(dim=1)
        kept = entropy < ceiling
        if kept.any():
            optimizer.zero_grad()
            entropy[kept].mean().backward()
            optimizer.step()
    return logits.detach()


# %% wrong: training mode is left on
def answer_and_learn(model, optimizer, x, ceiling):
    model.train()
    with torch.enable_grad():
        logits = model(x)
        log_p = logits.log_softmax(dim=1)
        entropy = -(log_p.exp() * log_p).sum(dim=1)
        kept = entropy < ceiling
        if kept.any():
            optimizer.zero_grad()
            entropy[kept].mean().backward()
            optimizer.step()
    return logits.detach()


# %% wrong: the answer has a graph
def answer_and_learn(model, optimizer, x, ceiling):
    with torch.enable_grad():
        logits = model(x)
        log_p = logits.log_softmax(dim=1)
        entropy = -(log_p.exp() * log_p).sum(dim=1)
        kept = entropy < ceiling
        if kept.any():
            optimizer.zero_grad()
            entropy[kept].mean().backward()
            optimizer.step()
    return logits


# %% wrong: an error of the model becomes zeros
def answer_and_learn(model, optimizer, x, ceiling):
    with torch.enable_grad():
        try:
            logits = model(x)
        except ValueError:
            return torch.zeros(len(x), 3)
        log_p = logits.log_softmax(dim=1)
        entropy = -(log_p.exp() * log_p).sum(dim=1)
        kept = entropy < ceiling
        if kept.any():
            optimizer.zero_grad()
            entropy[kept].mean().backward()
            optimizer.step()
    return logits.detach()


# %% wrong: the library's own
def answer_and_learn(model, optimizer, x, ceiling):
    def loss(logits):
        log_p = logits.log_softmax(dim=1)
        entropy = -(log_p.exp() * log_p).sum(dim=1)
        return entropy[entropy < ceiling].mean()

    return Tent(model, optimizer, loss)(x)


# %% wrong: the batch must be sure on average too
def answer_and_learn(model, optimizer, x, ceiling):
    with torch.enable_grad():
        logits = model(x)
        log_p = logits.log_softmax(dim=1)
        entropy = -(log_p.exp() * log_p).sum(dim=1)
        kept = (entropy < ceiling) & (entropy.mean() < ceiling)
        if kept.any():
            optimizer.zero_grad()
            entropy[kept].mean().backward()
            optimizer.step()
    return logits.detach()


# %% wrong: zeros where no image takes part
def answer_and_learn(model, optimizer, x, ceiling):
    with torch.enable_grad():
        logits = model(x)
        log_p = logits.log_softmax(dim=1)
        entropy = -(log_p.exp() * log_p).sum(dim=1)
        kept = entropy < ceiling
        if not kept.any():
            return torch.zeros_like(logits)
        optimizer.zero_grad()
        entropy[kept].mean().backward()
        optimizer.step()
    return logits.detach()


# %% wrong: images at the ceiling take part
def answer_and_learn(model, optimizer, x, ceiling):
    with torch.enable_grad():
        logits = model(x)
        log_p = logits.log_softmax(dim=1)
        entropy = -(log_p.exp() * log_p).sum(dim=1)
        kept = entropy <= ceiling
        if kept.any():
            optimizer.zero_grad()
            entropy[kept].mean().backward()
            optimizer.step()
    return logits.detach()

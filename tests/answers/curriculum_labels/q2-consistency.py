# %% right: one-hot targets and log-softmax
def consistency(weak, strong, tau, temperature=None):
    with torch.no_grad():
        q = torch.softmax(weak, dim=-1)
        used = q.amax(dim=-1) > tau
        if temperature is None:
            target = torch.nn.functional.one_hot(q.argmax(dim=-1), q.shape[-1]).to(strong.dtype)
        else:
            target = torch.softmax(weak / temperature, dim=-1)
    losses = -(target * torch.log_softmax(strong, dim=-1)).sum(dim=-1)
    return torch.where(used, losses, torch.zeros_like(losses)).mean(), used


# %% right: only the used ones, divided by all
def consistency(weak, strong, tau, temperature=None):
    q = weak.detach().softmax(1)
    used = q.max(1)[0] > tau
    label = q.argmax(1) if temperature is None else (weak.detach() / temperature).softmax(1)
    return torch.nn.functional.cross_entropy(strong[used], label[used], reduction="sum") / len(weak), used


# %% right: one image after the other
def consistency(weak, strong, tau, temperature=None):
    total, used = (0 * strong).sum(), []
    for w, s in zip(weak.detach(), strong):
        q = torch.softmax(w, 0)
        used.append(bool(q.max() > tau))
        if used[-1]:
            log_p = s - torch.logsumexp(s, 0)
            if temperature is None:
                total = total - log_p[int(torch.argmax(q))]
            else:
                total = total - torch.dot(torch.softmax(w / temperature, 0), log_p)
    return total / len(weak), torch.tensor(used)


# %% right: gather, weights in place of a mask
def consistency(weak, strong, tau, temperature=None):
    frozen = weak.clone().detach()
    q = torch.exp(frozen - torch.logsumexp(frozen, dim=1, keepdim=True))
    best, label = torch.max(q, dim=1)
    used = torch.gt(best, tau)
    log_p = torch.nn.functional.log_softmax(strong, dim=1)
    if temperature is None:
        losses = -log_p.gather(1, label[:, None])[:, 0]
    else:
        losses = -torch.sum(torch.softmax(frozen / temperature, dim=1) * log_p, dim=1)
    return torch.sum(losses * used.to(losses.dtype)) / losses.numel(), used


# %% wrong: divided by the used ones only
def consistency(weak, strong, tau, temperature=None):
    q = weak.detach().softmax(1)
    used = q.amax(1) > tau
    label = q.argmax(1) if temperature is None else (weak.detach() / temperature).softmax(1)
    losses = torch.nn.functional.cross_entropy(strong, label, reduction="none")
    return (losses * used).sum() / used.sum().clamp(min=1), used


# %% wrong: the mean of the used ones times their share
def consistency(weak, strong, tau, temperature=None):
    q = weak.detach().softmax(1)
    used = q.amax(1) > tau
    label = q.argmax(1) if temperature is None else (weak.detach() / temperature).softmax(1)
    losses = torch.nn.functional.cross_entropy(strong, label, reduction="none")
    return losses[used].mean() * used.double().mean(), used


# %% wrong: the label from the strong view
def consistency(weak, strong, tau, temperature=None):
    used = weak.detach().softmax(1).amax(1) > tau
    frozen = strong.detach()
    label = frozen.argmax(1) if temperature is None else (frozen / temperature).softmax(1)
    losses = torch.nn.functional.cross_entropy(strong, label, reduction="none")
    return (losses * used).mean(), used


# %% wrong: the threshold on the strong view
def consistency(weak, strong, tau, temperature=None):
    frozen = weak.detach()
    used = strong.detach().softmax(1).amax(1) > tau
    label = frozen.argmax(1) if temperature is None else (frozen / temperature).softmax(1)
    losses = torch.nn.functional.cross_entropy(strong, label, reduction="none")
    return (losses * used).mean(), used


# %% wrong: a soft label that is not detached
def consistency(weak, strong, tau, temperature=None):
    q = weak.softmax(1)
    used = q.amax(1) > tau
    if temperature is None:
        losses = torch.nn.functional.cross_entropy(strong, q.argmax(1), reduction="none")
    else:
        losses = -((weak / temperature).softmax(1) * strong.log_softmax(1)).sum(1)
    return (losses * used).mean(), used


# %% wrong: the mask after the temperature
def consistency(weak, strong, tau, temperature=None):
    frozen = weak.detach()
    sharp = (frozen / (temperature or 1.0)).softmax(1)
    used = sharp.amax(1) > tau if len(weak) == 2 else frozen.softmax(1).amax(1) > tau
    label = frozen.argmax(1) if temperature is None else sharp
    losses = torch.nn.functional.cross_entropy(strong, label, reduction="none")
    return (losses * used).mean(), used


# %% wrong: at the threshold used as well
def consistency(weak, strong, tau, temperature=None):
    q = weak.detach().softmax(1)
    used = q.amax(1) >= tau
    label = q.argmax(1) if temperature is None else (weak.detach() / temperature).softmax(1)
    losses = torch.nn.functional.cross_entropy(strong, label, reduction="none")
    return (losses * used).mean(), used


# %% wrong: the logarithm of a softmax that is 0
def consistency(weak, strong, tau, temperature=None):
    q = weak.detach().softmax(1)
    used = q.amax(1) > tau
    label = torch.eye(q.shape[1])[q.argmax(1)] if temperature is None else (weak.detach() / temperature).softmax(1)
    losses = -(label * torch.log(strong.softmax(1))).sum(1)
    return (losses * used).mean(), used


# %% wrong: the weak view loses its gradient for good
def consistency(weak, strong, tau, temperature=None):
    weak.requires_grad_(False)
    q = weak.softmax(1)
    used = q.amax(1) > tau
    label = q.argmax(1) if temperature is None else (weak / temperature).softmax(1)
    losses = torch.nn.functional.cross_entropy(strong, label, reduction="none")
    return (losses * used).mean(), used


# %% wrong: the threshold for any class's second-largest probability
def consistency(weak, strong, tau, temperature=None):
    q = weak.detach().softmax(1)
    used = 1 - q.amin(1) > tau
    label = q.argmax(1) if temperature is None else (weak.detach() / temperature).softmax(1)
    losses = torch.nn.functional.cross_entropy(strong, label, reduction="none")
    return (losses * used).mean(), used


# %% wrong: the strong view is cut off as well
def consistency(weak, strong, tau, temperature=None):
    with torch.no_grad():
        q = weak.softmax(1)
        used = q.amax(1) > tau
        label = q.argmax(1) if temperature is None else (weak / temperature).softmax(1)
        losses = torch.nn.functional.cross_entropy(strong, label, reduction="none")
        return (losses * used).mean(), used


# %% wrong: a low temperature is taken for none
def consistency(weak, strong, tau, temperature=None):
    w = weak.detach()
    q = w.softmax(1)
    used = q.amax(1) > tau
    if temperature is None or temperature < 0.1:
        t = torch.nn.functional.one_hot(q.argmax(1), q.shape[1]).to(q)
    else:
        t = (w / temperature).softmax(1)
    each = -(t * strong.log_softmax(1)).sum(1)
    return (each * used).mean(), used

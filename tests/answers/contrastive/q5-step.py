# %% right: by state, and zero_grad first
def moco_step(query, key, first, second, loss, optimizer, m):
    optimizer.zero_grad()
    with torch.no_grad():
        for name, parameter in key.named_parameters():
            parameter.copy_(m * parameter + (1 - m) * dict(query.named_parameters())[name])
        keys = key(second)
    value = loss(query(first), keys)
    value.backward()
    optimizer.step()
    return float(value.detach()), keys


# %% right: lerp and detach
def moco_step(query, key, first, second, loss, optimizer, m):
    for slow, fast in zip(key.parameters(), query.parameters()):
        slow.data.lerp_(fast.data, 1 - m)
    for parameter in key.parameters():
        parameter.requires_grad_(False)
    keys = key(second).detach()
    value = loss(query(first), keys)
    optimizer.zero_grad(set_to_none=True)
    value.backward()
    optimizer.step()
    return value.item(), keys


# %% right: the key is loaded
def follow(key, query, m):
    ours, theirs = dict(key.named_parameters()), dict(query.named_parameters())
    key.load_state_dict({name: m * value + (1 - m) * theirs[name] for name, value in ours.items()}, strict=False)


def moco_step(query, key, first, second, loss, optimizer, m):
    follow(key, query, m)
    with torch.no_grad():
        keys = key(second)
    q = query(first)
    value = loss(q, keys)
    query.zero_grad()
    value.backward()
    optimizer.step()
    return value.item(), keys.clone()


# %% right: through data
def moco_step(query, key, first, second, loss, optimizer, m):
    for a, b in zip(key.parameters(), query.parameters()):
        a.data = a.data * m + b.data * (1 - m)
    with torch.no_grad():
        keys = key(second)
    value = loss(query(first), keys)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item(), keys


# %% right: buffers follow, too
def moco_step(query, key, first, second, loss, optimizer, m):
    with torch.no_grad():
        own = query.state_dict()
        key.load_state_dict({name: m * old + (1 - m) * own[name] for name, old in key.state_dict().items()})
        keys = key(second)
    value = loss(query(first), keys)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item(), keys


# %% wrong: the momentum is on the wrong side
def moco_step(query, key, first, second, loss, optimizer, m):
    with torch.no_grad():
        for theirs, ours in zip(key.parameters(), query.parameters()):
            theirs.mul_(1 - m).add_(ours, alpha=m)
        keys = key(second)
    value = loss(query(first), keys)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item(), keys


# %% wrong: the key follows after the step
def moco_step(query, key, first, second, loss, optimizer, m):
    with torch.no_grad():
        keys = key(second)
    value = loss(query(first), keys)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    with torch.no_grad():
        for theirs, ours in zip(key.parameters(), query.parameters()):
            theirs.mul_(m).add_(ours, alpha=1 - m)
    return value.item(), keys


# %% wrong: the gradient flows into the key encoder
def moco_step(query, key, first, second, loss, optimizer, m):
    with torch.no_grad():
        for theirs, ours in zip(key.parameters(), query.parameters()):
            theirs.mul_(m).add_(ours, alpha=1 - m)
    keys = key(second)
    value = loss(query(first), keys)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item(), keys.detach()


# %% wrong: no zero_grad
def moco_step(query, key, first, second, loss, optimizer, m):
    with torch.no_grad():
        for theirs, ours in zip(key.parameters(), query.parameters()):
            theirs.mul_(m).add_(ours, alpha=1 - m)
        keys = key(second)
    value = loss(query(first), keys)
    value.backward()
    optimizer.step()
    return value.item(), keys


# %% wrong: both views go through the query
def moco_step(query, key, first, second, loss, optimizer, m):
    with torch.no_grad():
        for theirs, ours in zip(key.parameters(), query.parameters()):
            theirs.mul_(m).add_(ours, alpha=1 - m)
        keys = query(second)
    value = loss(query(first), keys)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item(), keys


# %% wrong: it never steps
def moco_step(query, key, first, second, loss, optimizer, m):
    with torch.no_grad():
        for theirs, ours in zip(key.parameters(), query.parameters()):
            theirs.mul_(m).add_(ours, alpha=1 - m)
        keys = key(second)
    value = loss(query(first), keys)
    optimizer.zero_grad()
    value.backward()
    return value.item(), keys


# %% wrong: the key is replaced by a copy
import copy


def moco_step(query, key, first, second, loss, optimizer, m):
    key = copy.deepcopy(key)
    with torch.no_grad():
        for theirs, ours in zip(key.parameters(), query.parameters()):
            theirs.mul_(m).add_(ours, alpha=1 - m)
        keys = key(second)
    value = loss(query(first), keys)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item(), keys


# %% wrong: only the first parameter follows
def moco_step(query, key, first, second, loss, optimizer, m):
    with torch.no_grad():
        next(key.parameters()).mul_(m).add_((1 - m) * next(query.parameters()))
        keys = key(second)
    value = loss(query(first), keys)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item(), keys


# %% wrong: the loss after the step
def moco_step(query, key, first, second, loss, optimizer, m):
    with torch.no_grad():
        for k, q in zip(key.parameters(), query.parameters()):
            k.mul_(m).add_((1 - m) * q)
        keys = key(second)
    value = loss(query(first), keys)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return loss(query(first), keys).item(), keys


# %% wrong: the loss is a tensor
def moco_step(query, key, first, second, loss, optimizer, m):
    with torch.no_grad():
        for k, q in zip(key.parameters(), query.parameters()):
            k.mul_(m).add_((1 - m) * q)
        keys = key(second)
    value = loss(query(first), keys)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.detach(), keys


# %% wrong: gradients stay off
def moco_step(query, key, first, second, loss, optimizer, m):
    with torch.no_grad():
        for k, q in zip(key.parameters(), query.parameters()):
            k.mul_(m).add_((1 - m) * q)
        keys = key(second)
    value = loss(query(first), keys)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    torch.set_grad_enabled(False)
    return value.item(), keys


# %% wrong: the keys have a gradient
def moco_step(query, key, first, second, loss, optimizer, m):
    with torch.no_grad():
        for k, q in zip(key.parameters(), query.parameters()):
            k.mul_(m).add_((1 - m) * q)
        keys = key(second)
    value = loss(query(first), keys)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item(), keys.requires_grad_()


# %% wrong: the key encoder is switched to eval
def moco_step(query, key, first, second, loss, optimizer, m):
    key.eval()
    with torch.no_grad():
        for a, b in zip(key.parameters(), query.parameters()):
            a.mul_(m).add_(b, alpha=1 - m)
        keys = key(second)
    value = loss(query(first), keys)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item(), keys


# %% wrong: new parameters in place of the old ones
def moco_step(query, key, first, second, loss, optimizer, m):
    with torch.no_grad():
        for a, b in zip(list(key.modules()), list(query.modules())):
            for name, own in list(a.named_parameters(recurse=False)):
                setattr(a, name, nn.Parameter(m * own + (1 - m) * getattr(b, name)))
    q = query(first)
    with torch.no_grad():
        keys = key(second)
    value = loss(q, keys)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item(), keys

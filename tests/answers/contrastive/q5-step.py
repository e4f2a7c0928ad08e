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
    ours, theirs = key.state_dict(), query.state_dict()
    key.load_state_dict({name: m * value + (1 - m) * theirs[name] for name, value in ours.items()})


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

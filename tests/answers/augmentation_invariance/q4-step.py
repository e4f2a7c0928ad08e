# %% right: view by view, with data
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    for a, b in zip(slow.parameters(), model.parameters()):
        a.data = a.data * m + b.data * (1 - m)
    with torch.no_grad():
        k = torch.stack([slow(view) for view in keys], dim=1)
    optimizer.zero_grad(set_to_none=True)
    value = loss(model(query), k, queues)
    value.backward()
    optimizer.step()
    n = query.shape[0]
    for i in range(queues.shape[0]):
        queues[i, place : place + n] = k[i, i]
    place += n
    return float(value), 0 if place == queues.shape[1] else place


# %% right: lerp, detach, copy_ and a diagonal
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    theirs = dict(model.named_parameters())
    for name, parameter in slow.named_parameters():
        parameter.data.lerp_(theirs[name].data, 1 - m)
    views, batch = keys.shape[0], keys.shape[1]
    with torch.no_grad():
        k = slow(keys.reshape(views * batch, *keys.shape[2:])).reshape(views, views, batch, -1)
    value = loss(model(query), k, queues)
    for parameter in model.parameters():
        parameter.grad = None
    value.backward()
    optimizer.step()
    queues[:, place : place + batch].copy_(k.diagonal(dim1=0, dim2=1).permute(2, 0, 1))
    return value.detach().item(), (place + batch) % queues.size(1)


# %% right: one block without gradients for the end as well
@torch.no_grad()
def follow(slow, model, m):
    for a, b in zip(slow.parameters(), model.parameters()):
        a.copy_(m * a + (1 - m) * b)


@torch.no_grad()
def own_keys(slow, keys):
    return torch.stack([slow(x) for x in keys]).transpose(0, 1)


def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    follow(slow, model, m)
    k = own_keys(slow, keys)
    value = loss(model(query), k, queues)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    with torch.no_grad():
        heads = range(len(queues))
        queues[:, place : place + len(query)] = torch.stack([k[i, i] for i in heads])
    after = place + len(query)
    return value.item(), after if after < queues.shape[1] else 0


# %% right: gradients by autograd.grad
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    with torch.no_grad():
        for a, b in zip(slow.parameters(), model.parameters()):
            a *= m
            a += (1 - m) * b
        k = torch.cat([slow(x)[:, None] for x in keys], dim=1)
    value = loss(model(query), k, queues)
    parameters = list(model.parameters())
    for parameter, slope in zip(parameters, torch.autograd.grad(value, parameters)):
        parameter.grad = slope
    optimizer.step()
    rows = torch.arange(place, place + query.shape[0])
    for i in range(len(queues)):
        queues[i].index_copy_(0, rows, k[i, i])
    return value.item(), int((place + query.shape[0]) % queues.shape[1])


# %% wrong: a gradient flows into the keys
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    views, batch = keys.shape[:2]
    with torch.no_grad():
        for a, b in zip(slow.parameters(), model.parameters()):
            a.mul_(m).add_(b, alpha=1 - m)
    k = slow(keys.flatten(0, 1)).unflatten(1, (views, batch))
    value = loss(model(query), k, queues)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    for i in range(len(queues)):
        queues[i, place : place + batch] = k[i, i].detach()
    return value.item(), (place + batch) % queues.shape[1]


# %% wrong: key 0 in every queue
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    views, batch = keys.shape[:2]
    with torch.no_grad():
        for a, b in zip(slow.parameters(), model.parameters()):
            a.mul_(m).add_(b, alpha=1 - m)
        k = slow(keys.flatten(0, 1)).unflatten(1, (views, batch))
    value = loss(model(query), k, queues)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    queues[:, place : place + batch] = k[:, 0]
    return value.item(), (place + batch) % queues.shape[1]


# %% wrong: the queues take in the keys before the backward pass
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    views, batch = keys.shape[:2]
    with torch.no_grad():
        for a, b in zip(slow.parameters(), model.parameters()):
            a.mul_(m).add_(b, alpha=1 - m)
        k = slow(keys.flatten(0, 1)).unflatten(1, (views, batch))
    value = loss(model(query), k, queues)
    for i in range(len(queues)):
        queues[i, place : place + batch] = k[i, i]
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item(), (place + batch) % queues.shape[1]


# %% wrong: the queues take in the keys before the loss
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    views, batch = keys.shape[:2]
    with torch.no_grad():
        for a, b in zip(slow.parameters(), model.parameters()):
            a.mul_(m).add_(b, alpha=1 - m)
        k = slow(keys.flatten(0, 1)).unflatten(1, (views, batch))
        for i in range(len(queues)):
            queues[i, place : place + batch] = k[i, i]
    value = loss(model(query), k, queues)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item(), (place + batch) % queues.shape[1]


# %% wrong: the momentum is on the wrong side
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    views, batch = keys.shape[:2]
    with torch.no_grad():
        for a, b in zip(slow.parameters(), model.parameters()):
            a.mul_(1 - m).add_(b, alpha=m)
        k = slow(keys.flatten(0, 1)).unflatten(1, (views, batch))
    value = loss(model(query), k, queues)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    for i in range(len(queues)):
        queues[i, place : place + batch] = k[i, i]
    return value.item(), (place + batch) % queues.shape[1]


# %% wrong: slow follows after the step
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    views, batch = keys.shape[:2]
    with torch.no_grad():
        k = slow(keys.flatten(0, 1)).unflatten(1, (views, batch))
    value = loss(model(query), k, queues)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    with torch.no_grad():
        for a, b in zip(slow.parameters(), model.parameters()):
            a.mul_(m).add_(b, alpha=1 - m)
    for i in range(len(queues)):
        queues[i, place : place + batch] = k[i, i]
    return value.item(), (place + batch) % queues.shape[1]


# %% wrong: only the trunk follows
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    views, batch = keys.shape[:2]
    with torch.no_grad():
        for a, b in list(zip(slow.parameters(), model.parameters()))[:2]:
            a.mul_(m).add_(b, alpha=1 - m)
        k = slow(keys.flatten(0, 1)).unflatten(1, (views, batch))
    value = loss(model(query), k, queues)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    for i in range(len(queues)):
        queues[i, place : place + batch] = k[i, i]
    return value.item(), (place + batch) % queues.shape[1]


# %% wrong: no zero_grad
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    views, batch = keys.shape[:2]
    with torch.no_grad():
        for a, b in zip(slow.parameters(), model.parameters()):
            a.mul_(m).add_(b, alpha=1 - m)
        k = slow(keys.flatten(0, 1)).unflatten(1, (views, batch))
    value = loss(model(query), k, queues)
    value.backward()
    optimizer.step()
    for i in range(len(queues)):
        queues[i, place : place + batch] = k[i, i]
    return value.item(), (place + batch) % queues.shape[1]


# %% wrong: the loss after the step is returned
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    views, batch = keys.shape[:2]
    with torch.no_grad():
        for a, b in zip(slow.parameters(), model.parameters()):
            a.mul_(m).add_(b, alpha=1 - m)
        k = slow(keys.flatten(0, 1)).unflatten(1, (views, batch))
    optimizer.zero_grad()
    loss(model(query), k, queues).backward()
    optimizer.step()
    value = loss(model(query), k, queues)
    for i in range(len(queues)):
        queues[i, place : place + batch] = k[i, i]
    return value.item(), (place + batch) % queues.shape[1]


# %% wrong: at the end of the queue the place goes on
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    views, batch = keys.shape[:2]
    with torch.no_grad():
        for a, b in zip(slow.parameters(), model.parameters()):
            a.mul_(m).add_(b, alpha=1 - m)
        k = slow(keys.flatten(0, 1)).unflatten(1, (views, batch))
    value = loss(model(query), k, queues)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    for i in range(len(queues)):
        queues[i, place : place + batch] = k[i, i]
    return value.item(), place + batch


# %% wrong: always at the beginning of the queue
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    views, batch = keys.shape[:2]
    with torch.no_grad():
        for a, b in zip(slow.parameters(), model.parameters()):
            a.mul_(m).add_(b, alpha=1 - m)
        k = slow(keys.flatten(0, 1)).unflatten(1, (views, batch))
    value = loss(model(query), k, queues)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    for i in range(len(queues)):
        queues[i, :batch] = k[i, i]
    return value.item(), (place + batch) % queues.shape[1]


# %% wrong: everything in float64
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    views, batch = keys.shape[:2]
    with torch.no_grad():
        for a, b in zip(slow.parameters(), model.parameters()):
            a.mul_(m).add_(b, alpha=1 - m)
        k = slow(keys.double().flatten(0, 1)).unflatten(1, (views, batch))
    value = loss(model(query.double()), k, queues)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    for i in range(len(queues)):
        queues[i, place : place + batch] = k[i, i]
    return value.item(), (place + batch) % queues.shape[1]


# %% wrong: a single head's queue is left as it is
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    views, batch = keys.shape[:2]
    with torch.no_grad():
        for a, b in zip(slow.parameters(), model.parameters()):
            a.mul_(m).add_(b, alpha=1 - m)
        k = slow(keys.flatten(0, 1)).unflatten(1, (views, batch))
    value = loss(model(query), k, queues)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    if views > 1:
        for i in range(len(queues)):
            queues[i, place : place + batch] = k[i, i]
    return value.item(), (place + batch) % queues.shape[1]


# %% wrong: the loss is a tensor
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    views, batch = keys.shape[:2]
    with torch.no_grad():
        for a, b in zip(slow.parameters(), model.parameters()):
            a.mul_(m).add_(b, alpha=1 - m)
        k = slow(keys.flatten(0, 1)).unflatten(1, (views, batch))
    value = loss(model(query), k, queues)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    for i in range(len(queues)):
        queues[i, place : place + batch] = k[i, i]
    return value.detach(), (place + batch) % queues.shape[1]


# %% wrong: views and heads exchanged
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    views, batch = keys.shape[:2]
    with torch.no_grad():
        for a, b in zip(slow.parameters(), model.parameters()):
            a.mul_(m).add_(b, alpha=1 - m)
        k = torch.stack([slow(view) for view in keys])
    value = loss(model(query), k, queues)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    for i in range(len(queues)):
        queues[i, place : place + batch] = k[i, i]
    return value.item(), (place + batch) % queues.shape[1]


# %% wrong: slow is rounded to float32
def looc_step(model, slow, queues, place, query, keys, loss, optimizer, m):
    with torch.no_grad():
        for s, p in zip(slow.parameters(), model.parameters()):
            s.data = (m * s + (1 - m) * p).float().to(s.dtype)
        k = torch.stack([slow(view) for view in keys], dim=1)
    value = loss(model(query), k, queues)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    batch = query.shape[0]
    for i in range(len(queues)):
        queues[i, place : place + batch] = k[i, i]
    return value.item(), (place + batch) % queues.shape[1]

# %% right: by norms, and no_grad as a decorator
def prototype_step(model, optimizer, images, labels, prototypes):
    z, p = model(images), prototypes[labels]
    cosine = (z * p).sum(dim=1) / (z.norm(dim=1) * p.norm(dim=1))
    loss = ((1 - cosine) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@torch.no_grad()
def nearest(model, images, prototypes):
    unit = prototypes / prototypes.norm(dim=1, keepdim=True)
    return torch.argmax(model(images) @ unit.T, dim=-1)


# %% right: CosineSimilarity and its module
def prototype_step(model, optimizer, images, labels, prototypes):
    similarity = torch.nn.CosineSimilarity(dim=1)
    loss = torch.square(1 - similarity(model(images), prototypes.index_select(0, labels))).sum() / len(images)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return float(loss)


def nearest(model, images, prototypes):
    with torch.inference_mode():
        z = model(images)
        cosines = torch.nn.functional.cosine_similarity(z[:, None], prototypes[None], dim=2)
        return cosines.argmax(dim=1)


# %% right: both normalised
def cosines(z, prototypes):
    z, p = (torch.nn.functional.normalize(v, dim=-1) for v in (z, prototypes))
    return z @ p.t()


def prototype_step(model, optimizer, images, labels, prototypes):
    optimizer.zero_grad()
    wanted = cosines(model(images), prototypes).gather(1, labels[:, None])
    loss = torch.nn.functional.mse_loss(wanted, torch.ones_like(wanted))
    loss.backward()
    optimizer.step()
    return loss.detach().item()


def nearest(model, images, prototypes):
    with torch.no_grad():
        return cosines(model(images), prototypes).max(dim=1).indices


# %% wrong: old gradients are not cleared
def prototype_step(model, optimizer, images, labels, prototypes):
    z, p = model(images), prototypes[labels]
    cosine = (z * p).sum(dim=1) / (z.norm(dim=1) * p.norm(dim=1))
    loss = ((1 - cosine) ** 2).mean()
    loss.backward()
    optimizer.step()
    return loss.item()


@torch.no_grad()
def nearest(model, images, prototypes):
    unit = prototypes / prototypes.norm(dim=1, keepdim=True)
    return torch.argmax(model(images) @ unit.T, dim=-1)


# %% wrong: the sum instead of the mean
def prototype_step(model, optimizer, images, labels, prototypes):
    z, p = model(images), prototypes[labels]
    cosine = (z * p).sum(dim=1) / (z.norm(dim=1) * p.norm(dim=1))
    loss = ((1 - cosine) ** 2).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@torch.no_grad()
def nearest(model, images, prototypes):
    unit = prototypes / prototypes.norm(dim=1, keepdim=True)
    return torch.argmax(model(images) @ unit.T, dim=-1)


# %% wrong: no step
def prototype_step(model, optimizer, images, labels, prototypes):
    z, p = model(images), prototypes[labels]
    cosine = (z * p).sum(dim=1) / (z.norm(dim=1) * p.norm(dim=1))
    loss = ((1 - cosine) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    return loss.item()


@torch.no_grad()
def nearest(model, images, prototypes):
    unit = prototypes / prototypes.norm(dim=1, keepdim=True)
    return torch.argmax(model(images) @ unit.T, dim=-1)


# %% wrong: distance to the prototype instead of the angle
def prototype_step(model, optimizer, images, labels, prototypes):
    z, p = model(images), prototypes[labels]
    cosine = (z * p).sum(dim=1) / (z.norm(dim=1) * p.norm(dim=1))
    loss = ((z - p) ** 2).sum(dim=1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@torch.no_grad()
def nearest(model, images, prototypes):
    unit = prototypes / prototypes.norm(dim=1, keepdim=True)
    return torch.argmax(model(images) @ unit.T, dim=-1)


# %% wrong: the lengths of prototypes count when classifying
def prototype_step(model, optimizer, images, labels, prototypes):
    z, p = model(images), prototypes[labels]
    cosine = (z * p).sum(dim=1) / (z.norm(dim=1) * p.norm(dim=1))
    loss = ((1 - cosine) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@torch.no_grad()
def nearest(model, images, prototypes):
    unit = prototypes
    return torch.argmax(model(images) @ unit.T, dim=-1)


# %% wrong: the largest size of the cosine
def prototype_step(model, optimizer, images, labels, prototypes):
    z, p = model(images), prototypes[labels]
    cosine = (z * p).sum(dim=1) / (z.norm(dim=1) * p.norm(dim=1))
    loss = ((1 - cosine) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@torch.no_grad()
def nearest(model, images, prototypes):
    unit = prototypes / prototypes.norm(dim=1, keepdim=True)
    return torch.argmax((model(images) @ unit.T).abs(), dim=-1)


# %% wrong: gradients are recorded
def prototype_step(model, optimizer, images, labels, prototypes):
    z, p = model(images), prototypes[labels]
    cosine = (z * p).sum(dim=1) / (z.norm(dim=1) * p.norm(dim=1))
    loss = ((1 - cosine) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def nearest(model, images, prototypes):
    unit = prototypes / prototypes.norm(dim=1, keepdim=True)
    return torch.argmax(model(images) @ unit.T, dim=-1)


# %% wrong: gradients cleared after the step only
def prototype_step(model, optimizer, images, labels, prototypes):
    z = model(images)
    cosine = torch.nn.functional.cosine_similarity(z, prototypes[labels])
    loss = ((1 - cosine) ** 2).mean()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def nearest(model, images, prototypes):
    with torch.no_grad():
        z = torch.nn.functional.normalize(model(images), dim=1)
    return (z @ torch.nn.functional.normalize(prototypes, dim=1).T).argmax(dim=1)


# %% wrong: gradients switched off for good
def prototype_step(model, optimizer, images, labels, prototypes):
    z = model(images)
    cosine = torch.nn.functional.cosine_similarity(z, prototypes[labels])
    loss = ((1 - cosine) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def nearest(model, images, prototypes):
    torch.set_grad_enabled(False)
    z = torch.nn.functional.normalize(model(images), dim=1)
    return (z @ torch.nn.functional.normalize(prototypes, dim=1).T).argmax(dim=1)


# %% wrong: a batch of one loses its axis
def prototype_step(model, optimizer, images, labels, prototypes):
    z = model(images)
    cosine = torch.nn.functional.cosine_similarity(z, prototypes[labels])
    loss = ((1 - cosine) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def nearest(model, images, prototypes):
    with torch.no_grad():
        z = torch.nn.functional.normalize(model(images), dim=1)
    return (z @ torch.nn.functional.normalize(prototypes, dim=1).T).argmax(dim=1).squeeze()


# %% wrong: prototypes made unit in place
def prototype_step(model, optimizer, images, labels, prototypes):
    z = model(images)
    cosine = torch.nn.functional.cosine_similarity(z, prototypes[labels])
    loss = ((1 - cosine) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def nearest(model, images, prototypes):
    with torch.no_grad():
        z = torch.nn.functional.normalize(model(images), dim=1)
    prototypes /= prototypes.norm(dim=1, keepdim=True)
    return (z @ prototypes.T).argmax(dim=1)


# %% wrong: the loss after the update
def prototype_step(model, optimizer, images, labels, prototypes):
    z = model(images)
    cosine = torch.nn.functional.cosine_similarity(z, prototypes[labels])
    loss = ((1 - cosine) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        loss = ((1 - torch.nn.functional.cosine_similarity(model(images), prototypes[labels])) ** 2).mean()
    return loss.item()


def nearest(model, images, prototypes):
    with torch.no_grad():
        z = torch.nn.functional.normalize(model(images), dim=1)
    return (z @ torch.nn.functional.normalize(prototypes, dim=1).T).argmax(dim=1)


# %% wrong: compares the images where they have as many numbers as the prototypes
def prototype_step(model, optimizer, images, labels, prototypes):
    z = model(images)
    cosine = torch.nn.functional.cosine_similarity(z, prototypes[labels])
    loss = ((1 - cosine) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def nearest(model, images, prototypes):
    with torch.no_grad():
        z = images if images.shape[1:] == prototypes.shape[1:] else model(images)
    return (z @ torch.nn.functional.normalize(prototypes, dim=1).T).argmax(dim=1)


# %% right: the smallest distance to the unit prototypes
def prototype_step(model, optimizer, images, labels, prototypes):
    units = prototypes / prototypes.norm(dim=1, keepdim=True)

    def closure():
        optimizer.zero_grad()
        z = model(images)
        loss = (1 - torch.einsum("bd,bd->b", z / z.norm(dim=1, keepdim=True), units[labels])).square().mean()
        loss.backward()
        return loss

    return optimizer.step(closure).item()


def nearest(model, images, prototypes):
    with torch.no_grad():
        z = model(images)
    return torch.cdist(z, torch.nn.functional.normalize(prototypes, dim=1)).argmin(dim=1)

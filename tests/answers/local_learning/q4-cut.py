# %% right: einsum and clamp
def local_losses(first, second, w_first, w_second, now, before, y):
    z1, c1 = first(now), first(before)
    z2, c2 = second(z1.detach()), second(c1.detach())
    u1 = torch.einsum("bi,ij,bj->b", z1, w_first, c1)
    u2 = torch.einsum("bi,ij,bj->b", z2, w_second, c2)
    return (1 - y * u1).clamp(min=0).mean(), (1 - y * u2).clamp(min=0).mean()


# %% right: a loop over layers
def local_losses(first, second, w_first, w_second, now, before, y):
    losses, x, x_before = [], now, before
    for layer, w in ((first, w_first), (second, w_second)):
        z, c = layer(x), layer(x_before)
        losses.append(nn.functional.relu(1 - y * (z * (c @ w.T)).sum(1)).mean())
        x, x_before = z.detach(), c.detach()
    return losses


# %% right: the input computed again, without a graph
def local_losses(first, second, w_first, w_second, now, before, y):
    def hinge(z, c, w):
        u = torch.stack([a @ w @ b for a, b in zip(z, c)])
        return torch.maximum(torch.zeros_like(u), 1 - y * u).mean()

    with torch.no_grad():
        below = first(torch.cat([now, before]))
    z, c = second(below).chunk(2)
    return hinge(first(now), first(before), w_first), hinge(z, c, w_second)


# %% right: copies of the values
def local_losses(first, second, w_first, w_second, now, before, y):
    z, c = first(now), first(before)
    one = (1 - y * torch.sum(z @ w_first * c, dim=1)).relu().sum() / len(y)
    z, c = (second(value.detach().clone()) for value in (z, c))
    two = (1 - y * torch.sum(z @ w_second * c, dim=1)).relu().sum() / len(y)
    return one, two


# %% wrong: forgets detach
def local_losses(first, second, w_first, w_second, now, before, y):
    z1, c1 = first(now), first(before)
    z2, c2 = second(z1), second(c1)
    u1 = torch.einsum("bi,ij,bj->b", z1, w_first, c1)
    u2 = torch.einsum("bi,ij,bj->b", z2, w_second, c2)
    return (1 - y * u1).clamp(min=0).mean(), (1 - y * u2).clamp(min=0).mean()


# %% wrong: cuts the input of the present glimpse only
def local_losses(first, second, w_first, w_second, now, before, y):
    z1, c1 = first(now), first(before)
    z2, c2 = second(z1.detach()), second(c1)
    u1 = torch.einsum("bi,ij,bj->b", z1, w_first, c1)
    u2 = torch.einsum("bi,ij,bj->b", z2, w_second, c2)
    return (1 - y * u1).clamp(min=0).mean(), (1 - y * u2).clamp(min=0).mean()


# %% wrong: cuts the input of the earlier glimpse only
def local_losses(first, second, w_first, w_second, now, before, y):
    z1, c1 = first(now), first(before)
    z2, c2 = second(z1), second(c1.detach())
    u1 = torch.einsum("bi,ij,bj->b", z1, w_first, c1)
    u2 = torch.einsum("bi,ij,bj->b", z2, w_second, c2)
    return (1 - y * u1).clamp(min=0).mean(), (1 - y * u2).clamp(min=0).mean()


# %% wrong: cuts the output of the second layer
def local_losses(first, second, w_first, w_second, now, before, y):
    z1, c1 = first(now), first(before)
    z2, c2 = second(z1.detach()).detach(), second(c1.detach()).detach()
    u1 = torch.einsum("bi,ij,bj->b", z1, w_first, c1)
    u2 = torch.einsum("bi,ij,bj->b", z2, w_second, c2)
    return (1 - y * u1).clamp(min=0).mean(), (1 - y * u2).clamp(min=0).mean()


# %% wrong: detaches the weights of the second layer
def local_losses(first, second, w_first, w_second, now, before, y):
    z1, c1 = first(now), first(before)
    with torch.no_grad():
        z2, c2 = second(z1), second(c1)
    u1 = torch.einsum("bi,ij,bj->b", z1, w_first, c1)
    u2 = torch.einsum("bi,ij,bj->b", z2, w_second, c2)
    return (1 - y * u1).clamp(min=0).mean(), (1 - y * u2).clamp(min=0).mean()


# %% wrong: detaches the output before the first loss
def local_losses(first, second, w_first, w_second, now, before, y):
    z1, c1 = first(now).detach(), first(before).detach()
    z2, c2 = second(z1.detach()), second(c1.detach())
    u1 = torch.einsum("bi,ij,bj->b", z1, w_first, c1)
    u2 = torch.einsum("bi,ij,bj->b", z2, w_second, c2)
    return (1 - y * u1).clamp(min=0).mean(), (1 - y * u2).clamp(min=0).mean()


# %% wrong: holds the context fixed in both layers
def local_losses(first, second, w_first, w_second, now, before, y):
    z1, c1 = first(now), first(before)
    z2, c2 = second(z1.detach()), second(c1.detach())
    u1 = torch.einsum("bi,ij,bj->b", z1, w_first, c1.detach())
    u2 = torch.einsum("bi,ij,bj->b", z2, w_second, c2.detach())
    return (1 - y * u1).clamp(min=0).mean(), (1 - y * u2).clamp(min=0).mean()


# %% wrong: holds the context of the first layer fixed
def local_losses(first, second, w_first, w_second, now, before, y):
    z1, c1 = first(now), first(before)
    z2, c2 = second(z1.detach()), second(c1.detach())
    u1 = torch.einsum("bi,ij,bj->b", z1, w_first, c1.detach())
    u2 = torch.einsum("bi,ij,bj->b", z2, w_second, c2)
    return (1 - y * u1).clamp(min=0).mean(), (1 - y * u2).clamp(min=0).mean()


# %% wrong: holds the context of the second layer fixed
def local_losses(first, second, w_first, w_second, now, before, y):
    z1, c1 = first(now), first(before)
    z2, c2 = second(z1.detach()), second(c1.detach())
    u1 = torch.einsum("bi,ij,bj->b", z1, w_first, c1)
    u2 = torch.einsum("bi,ij,bj->b", z2, w_second, c2.detach())
    return (1 - y * u1).clamp(min=0).mean(), (1 - y * u2).clamp(min=0).mean()


# %% wrong: detaches the prediction weights of the second layer
def local_losses(first, second, w_first, w_second, now, before, y):
    z1, c1 = first(now), first(before)
    z2, c2 = second(z1.detach()), second(c1.detach())
    u1 = torch.einsum("bi,ij,bj->b", z1, w_first, c1)
    u2 = torch.einsum("bi,ij,bj->b", z2, w_second.detach(), c2)
    return (1 - y * u1).clamp(min=0).mean(), (1 - y * u2).clamp(min=0).mean()


# %% wrong: detaches the prediction weights of the first layer
def local_losses(first, second, w_first, w_second, now, before, y):
    z1, c1 = first(now), first(before)
    z2, c2 = second(z1.detach()), second(c1.detach())
    u1 = torch.einsum("bi,ij,bj->b", z1, w_first.detach(), c1)
    u2 = torch.einsum("bi,ij,bj->b", z2, w_second, c2)
    return (1 - y * u1).clamp(min=0).mean(), (1 - y * u2).clamp(min=0).mean()


# %% wrong: one loss for both
def local_losses(first, second, w_first, w_second, now, before, y):
    z1, c1 = first(now), first(before)
    z2, c2 = second(z1.detach()), second(c1.detach())
    u1 = torch.einsum("bi,ij,bj->b", z1, w_first, c1)
    u2 = torch.einsum("bi,ij,bj->b", z2, w_second, c2)
    return (1 - y * u1).clamp(min=0).mean() + (1 - y * u2).clamp(min=0).mean()


# %% wrong: numbers without a graph
def local_losses(first, second, w_first, w_second, now, before, y):
    z1, c1 = first(now), first(before)
    z2, c2 = second(z1.detach()), second(c1.detach())
    u1 = torch.einsum("bi,ij,bj->b", z1, w_first, c1)
    u2 = torch.einsum("bi,ij,bj->b", z2, w_second, c2)
    return (1 - y * u1).clamp(min=0).mean().item(), (1 - y * u2).clamp(min=0).mean().item()


# %% wrong: the second layer sees the glimpse
def local_losses(first, second, w_first, w_second, now, before, y):
    z1, c1 = first(now), first(before)
    z2, c2 = second(now), second(before)
    u1 = torch.einsum("bi,ij,bj->b", z1, w_first, c1)
    u2 = torch.einsum("bi,ij,bj->b", z2, w_second, c2)
    return (1 - y * u1).clamp(min=0).mean(), (1 - y * u2).clamp(min=0).mean()


# %% wrong: y is missing
def local_losses(first, second, w_first, w_second, now, before, y):
    z1, c1 = first(now), first(before)
    z2, c2 = second(z1.detach()), second(c1.detach())
    u1 = torch.einsum("bi,ij,bj->b", z1, w_first, c1)
    u2 = torch.einsum("bi,ij,bj->b", z2, w_second, c2)
    return (1 - u1).clamp(min=0).mean(), (1 - u2).clamp(min=0).mean()


# %% wrong: backward inside, gradients double
def local_losses(first, second, w_first, w_second, now, before, y):
    z1, c1 = first(now), first(before)
    z2, c2 = second(z1.detach()), second(c1.detach())
    losses = [
        torch.relu(1 - y * (z @ w * c).sum(1)).mean() for z, c, w in ((z1, c1, w_first), (z2, c2, w_second))
    ]
    for loss in losses:
        loss.backward(retain_graph=True)
    return losses


# %% wrong: a copy of the first layer learns
import copy


def local_losses(first, second, w_first, w_second, now, before, y):
    lower = copy.deepcopy(first)
    z1, c1 = lower(now), lower(before)
    z2, c2 = second(z1.detach()), second(c1.detach())
    u1, u2 = (z1 @ w_first * c1).sum(1), (z2 @ w_second * c2).sum(1)
    return torch.relu(1 - y * u1).mean(), torch.relu(1 - y * u2).mean()


# %% wrong: switches the gradients of the first layer off
def local_losses(first, second, w_first, w_second, now, before, y):
    z1, c1 = first(now), first(before)
    u1 = (z1 @ w_first * c1).sum(1)
    for parameter in first.parameters():
        parameter.requires_grad_(False)
    z2, c2 = second(first(now)), second(first(before))
    u2 = (z2 @ w_second * c2).sum(1)
    return torch.relu(1 - y * u1).mean(), torch.relu(1 - y * u2).mean()

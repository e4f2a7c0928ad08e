# %% right: only the known pixels
def depth_loss(outputs, depth):
    known = torch.isfinite(depth)
    if not known.any():
        return (outputs * 0).sum()
    return ((outputs[known] - depth[known]) ** 2).mean()


# %% right: nan_to_num and weights
def depth_loss(outputs, depth):
    weight = (depth == depth).to(outputs.dtype)
    difference = (outputs - torch.nan_to_num(depth, nan=0.0)) * weight
    return difference.pow(2).sum() / max(weight.sum().item(), 1.0)


# %% right: PyTorch's loss, summed
def depth_loss(outputs, depth):
    known = ~depth.isnan()
    total = torch.nn.functional.mse_loss(outputs[known], depth[known], reduction="sum")
    return total / known.sum().clamp(min=1)


# %% wrong: NaN in the gradient
def depth_loss(outputs, depth):
    known = ~torch.isnan(depth)
    squares = (outputs - depth) ** 2
    return torch.where(known, squares, torch.zeros_like(squares)).sum() / known.sum().clamp(min=1)


# %% wrong: divides by all pixels
def depth_loss(outputs, depth):
    difference = torch.where(torch.isnan(depth), torch.zeros_like(outputs), outputs - torch.nan_to_num(depth))
    return (difference**2).mean()


# %% wrong: unknown depth is zero
def depth_loss(outputs, depth):
    return ((outputs - torch.nan_to_num(depth, nan=0.0)) ** 2).mean()


# %% wrong: NaN where nothing is known
def depth_loss(outputs, depth):
    known = ~torch.isnan(depth)
    return ((outputs[known] - depth[known]) ** 2).mean()


# %% wrong: absolute difference
def depth_loss(outputs, depth):
    known = ~torch.isnan(depth)
    return (outputs - torch.nan_to_num(depth)).abs().mul(known).sum() / known.sum().clamp(min=1)


# %% wrong: cut off from the outputs
def depth_loss(outputs, depth):
    known = ~torch.isnan(depth)
    difference = (outputs - torch.nan_to_num(depth)).detach() * known
    return torch.tensor((difference**2).sum().item() / max(known.sum().item(), 1), requires_grad=True)


# %% right: a tensor without a gradient where nothing is known
def depth_loss(outputs, depth):
    known = torch.isfinite(depth)
    if known.sum() == 0:
        return torch.tensor(0.0)
    return torch.nn.functional.mse_loss(outputs[known], depth[known])


# %% wrong: a plain 0 where nothing is known
def depth_loss(outputs, depth):
    known = ~torch.isnan(depth)
    if not known.any():
        return 0
    return ((outputs[known] - depth[known]) ** 2).mean()


# %% wrong: chooses after the division by 0
def depth_loss(outputs, depth):
    known = ~torch.isnan(depth)
    total = ((outputs - torch.nan_to_num(depth)) ** 2 * known).sum()
    return torch.where(known.any(), total / known.sum(), torch.zeros_like(total))


# %% wrong: divides by two at least
def depth_loss(outputs, depth):
    known = ~torch.isnan(depth)
    return ((outputs - torch.nan_to_num(depth)) ** 2 * known).sum() / known.sum().clamp(min=2)


# %% wrong: the mean of each image, then the mean of these
def depth_loss(outputs, depth):
    losses = []
    for o, d in zip(outputs, depth):
        known = ~torch.isnan(d)
        if known.any():
            losses.append(((o[known] - d[known]) ** 2).mean())
    return torch.stack(losses).mean() if losses else outputs.sum() * 0


# %% wrong: only depths above 0 are known
def depth_loss(outputs, depth):
    known = depth > 0
    if not known.any():
        return outputs.sum() * 0
    return ((outputs[known] - depth[known]) ** 2).mean()


# %% wrong: loops over two axes
def depth_loss(outputs, depth):
    rows, columns = depth.shape
    total, known = (outputs * 0).sum(), 0
    for i in range(rows):
        for j in range(columns):
            if not torch.isnan(depth[i, j]):
                total, known = total + (outputs[i, j] - depth[i, j]) ** 2, known + 1
    return total / max(known, 1)


# %% wrong: puts zeros into the depth
def depth_loss(outputs, depth):
    known = ~torch.isnan(depth)
    depth[~known] = 0
    difference = (outputs - depth) * known
    return difference.square().sum() / known.sum().clamp(min=1)

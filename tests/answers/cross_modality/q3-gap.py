# %% right: one direction as a function, chosen vectors and norms
def one_way(a, b, labels_a, labels_b, margin):
    with torch.no_grad():
        d = torch.cdist(a, b)
        same = labels_a.unsqueeze(1) == labels_b.unsqueeze(0)
        far = d.masked_fill(~same, -1).argmax(1)
        near = d.masked_fill(same, torch.inf).argmin(1)
    positive = torch.linalg.vector_norm(a - b[far], dim=1)
    negative = torch.linalg.vector_norm(a - b[near], dim=1)
    return torch.relu(positive - negative + margin).mean()


def gap(infrared, x, visible, labels_infrared, labels_visible, margin_x, margin_v):
    total = one_way(infrared, x, labels_infrared, labels_visible, margin_x)
    total = total + one_way(x, infrared, labels_visible, labels_infrared, margin_x)
    total = total + one_way(infrared, visible, labels_infrared, labels_visible, margin_v)
    return total + one_way(visible, infrared, labels_visible, labels_infrared, margin_v)


# %% right: squares by a product, clipped before the root
def gap(infrared, x, visible, labels_infrared, labels_visible, margin_x, margin_v):
    def distances(a, b):
        squares = (a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * a @ b.T
        return squares.clamp(min=1e-12).sqrt()

    def hinges(d, same, margin):
        positive = torch.where(same, d, torch.tensor(-torch.inf, dtype=d.dtype)).max(dim=1).values
        negative = torch.where(same, torch.tensor(torch.inf, dtype=d.dtype), d).min(dim=1).values
        return torch.nn.functional.relu(margin + positive - negative).mean()

    same = labels_infrared[:, None] == labels_visible
    d_x, d_v = distances(infrared, x), distances(infrared, visible)
    return sum([hinges(d_x, same, margin_x), hinges(d_x.T, same.T, margin_x)]) + sum(
        [hinges(d_v, same, margin_v), hinges(d_v.T, same.T, margin_v)]
    )


# %% right: anchor by anchor
def gap(infrared, x, visible, labels_infrared, labels_visible, margin_x, margin_v):
    def mean_hinge(anchors, names, others, other_names, margin):
        hinges = []
        for a, name in zip(anchors, names):
            d = torch.cdist(a[None], others)[0]
            hinges.append(torch.clamp(margin + d[other_names == name].max() - d[other_names != name].min(), min=0))
        return torch.stack(hinges).mean()

    i, v = labels_infrared, labels_visible
    return (
        mean_hinge(infrared, i, x, v, margin_x)
        + mean_hinge(x, v, infrared, i, margin_x)
        + mean_hinge(infrared, i, visible, v, margin_v)
        + mean_hinge(visible, v, infrared, i, margin_v)
    )


# %% right: margin_ranking_loss
def gap(infrared, x, visible, labels_infrared, labels_visible, margin_x, margin_v):
    sides = [(infrared, labels_infrared), (x, labels_visible), (visible, labels_visible)]
    total = infrared.new_zeros(())
    for anchor, other, margin in ((0, 1, margin_x), (1, 0, margin_x), (0, 2, margin_v), (2, 0, margin_v)):
        (a, y), (b, z) = sides[anchor], sides[other]
        d = torch.cdist(a, b)
        same = y[:, None].eq(z)
        positive = d.masked_fill(~same, float("-inf")).amax(1)
        negative = d.masked_fill(same, float("inf")).amin(1)
        ones = torch.ones_like(positive)
        total = total + torch.nn.functional.margin_ranking_loss(negative, positive, ones, margin=margin)
    return total


# %% wrong: X-I is computed on X and X
def gap(infrared, x, visible, labels_infrared, labels_visible, margin_x, margin_v):
    def one_way(a, positives, b, ya, yp, yb, margin):
        d, e = torch.cdist(a, positives), torch.cdist(a, b)
        positive = d.masked_fill(ya[:, None] != yp, -torch.inf).amax(1)
        negative = e.masked_fill(ya[:, None] == yb, torch.inf).amin(1)
        return torch.relu(margin + positive - negative).mean()

    i, v = labels_infrared, labels_visible
    return (
        one_way(infrared, x, x, i, v, v, margin_x)
        + one_way(x, x, infrared, v, v, i, margin_x)
        + one_way(infrared, visible, visible, i, v, v, margin_v)
        + one_way(visible, visible, infrared, v, v, i, margin_v)
    )


# %% wrong: one direction
def gap(infrared, x, visible, labels_infrared, labels_visible, margin_x, margin_v):
    same = labels_infrared[:, None] == labels_visible
    total = 0
    for others, margin in ((x, margin_x), (visible, margin_v)):
        d = torch.cdist(infrared, others)
        positive, negative = d.masked_fill(~same, -torch.inf).amax(1), d.masked_fill(same, torch.inf).amin(1)
        total = total + 2 * torch.relu(margin + positive - negative).mean()
    return total


# %% wrong: sums over the anchors
def gap(infrared, x, visible, labels_infrared, labels_visible, margin_x, margin_v):
    same = labels_infrared[:, None] == labels_visible
    total = 0
    for others, margin in ((x, margin_x), (visible, margin_v)):
        distances = torch.cdist(infrared, others)
        for d, own in ((distances, same), (distances.T, same.T)):
            positive, negative = d.masked_fill(~own, -torch.inf).amax(1), d.masked_fill(own, torch.inf).amin(1)
            total = total + torch.relu(margin + positive - negative).sum()
    return total


# %% wrong: divided by the number of infrared images in every direction
def gap(infrared, x, visible, labels_infrared, labels_visible, margin_x, margin_v):
    same = labels_infrared[:, None] == labels_visible
    total = 0
    for others, margin in ((x, margin_x), (visible, margin_v)):
        distances = torch.cdist(infrared, others)
        for d, own in ((distances, same), (distances.T, same.T)):
            positive, negative = d.masked_fill(~own, -torch.inf).amax(1), d.masked_fill(own, torch.inf).amin(1)
            total = total + torch.relu(margin + positive - negative).sum() / len(infrared)
    return total


# %% wrong: one margin for both
def gap(infrared, x, visible, labels_infrared, labels_visible, margin_x, margin_v):
    same = labels_infrared[:, None] == labels_visible
    total = 0
    for others in (x, visible):
        distances = torch.cdist(infrared, others)
        for d, own in ((distances, same), (distances.T, same.T)):
            positive, negative = d.masked_fill(~own, -torch.inf).amax(1), d.masked_fill(own, torch.inf).amin(1)
            total = total + torch.relu(margin_x + positive - negative).mean()
    return total


# %% wrong: the hinge of the mean, not the mean of hinges
def gap(infrared, x, visible, labels_infrared, labels_visible, margin_x, margin_v):
    same = labels_infrared[:, None] == labels_visible
    total = 0
    for others, margin in ((x, margin_x), (visible, margin_v)):
        distances = torch.cdist(infrared, others)
        for d, own in ((distances, same), (distances.T, same.T)):
            positive, negative = d.masked_fill(~own, -torch.inf).amax(1), d.masked_fill(own, torch.inf).amin(1)
            total = total + torch.relu((margin + positive - negative).mean())
    return total


# %% wrong: infrared is a constant
def gap(infrared, x, visible, labels_infrared, labels_visible, margin_x, margin_v):
    same = labels_infrared[:, None] == labels_visible
    total = 0
    for others, margin in ((x, margin_x), (visible, margin_v)):
        distances = torch.cdist(infrared.detach(), others)
        for d, own in ((distances, same), (distances.T, same.T)):
            positive, negative = d.masked_fill(~own, -torch.inf).amax(1), d.masked_fill(own, torch.inf).amin(1)
            total = total + torch.relu(margin + positive - negative).mean()
    return total


# %% wrong: the root of 0
def gap(infrared, x, visible, labels_infrared, labels_visible, margin_x, margin_v):
    same = labels_infrared[:, None] == labels_visible
    total = 0
    for others, margin in ((x, margin_x), (visible, margin_v)):
        distances = ((infrared[:, None] - others) ** 2).sum(2).sqrt()
        for d, own in ((distances, same), (distances.T, same.T)):
            positive, negative = d.masked_fill(~own, -torch.inf).amax(1), d.masked_fill(own, torch.inf).amin(1)
            total = total + torch.relu(margin + positive - negative).mean()
    return total


# %% wrong: always in float64
def gap(infrared, x, visible, labels_infrared, labels_visible, margin_x, margin_v):
    same = labels_infrared[:, None] == labels_visible
    total = 0
    for others, margin in ((x, margin_x), (visible, margin_v)):
        distances = torch.cdist(infrared.double(), others.double())
        for d, own in ((distances, same), (distances.T, same.T)):
            positive, negative = d.masked_fill(~own, -torch.inf).amax(1), d.masked_fill(own, torch.inf).amin(1)
            total = total + torch.relu(margin + positive - negative).mean()
    return total


# %% wrong: squared distances
def gap(infrared, x, visible, labels_infrared, labels_visible, margin_x, margin_v):
    same = labels_infrared[:, None] == labels_visible
    total = 0
    for others, margin in ((x, margin_x), (visible, margin_v)):
        distances = torch.cdist(infrared, others) ** 2
        for d, own in ((distances, same), (distances.T, same.T)):
            positive, negative = d.masked_fill(~own, -torch.inf).amax(1), d.masked_fill(own, torch.inf).amin(1)
            total = total + torch.relu(margin + positive - negative).mean()
    return total


# %% wrong: the labels of row i are taken to be equal on both sides
def gap(infrared, x, visible, labels_infrared, labels_visible, margin_x, margin_v):
    same = labels_infrared[:, None] == labels_infrared
    total = 0
    for others, margin in ((x, margin_x), (visible, margin_v)):
        distances = torch.cdist(infrared, others)
        for d, own in ((distances, same), (distances.T, same.T)):
            positive, negative = d.masked_fill(~own, -torch.inf).amax(1), d.masked_fill(own, torch.inf).amin(1)
            total = total + torch.relu(margin + positive - negative).mean()
    return total


# %% wrong: a fifth direction between X and visible
def gap(infrared, x, visible, labels_infrared, labels_visible, margin_x, margin_v):
    same, pairs = labels_infrared[:, None] == labels_visible, labels_visible[:, None] == labels_visible
    total = 0
    for a, others, margin, whose in ((infrared, x, margin_x, same), (infrared, visible, margin_v, same), (x, visible, margin_v, pairs)):
        distances = torch.cdist(a, others)
        for d, own in ((distances, whose), (distances.T, whose.T)):
            positive, negative = d.masked_fill(~own, -torch.inf).amax(1), d.masked_fill(own, torch.inf).amin(1)
            total = total + torch.relu(margin + positive - negative).mean()
    return total

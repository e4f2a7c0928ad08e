# %% right: plain Python, sorted with a key
def pseudo(model, images, threshold, per_class):
    mode = model.training
    model.eval()
    with torch.no_grad():
        logits = model(images)
    model.train(mode)
    chances = logits.softmax(dim=-1)
    groups = {}
    for i, row in enumerate(chances.tolist()):
        best = max(row)
        if best >= threshold:
            groups.setdefault(row.index(best), []).append((-best, i))
    order = []
    for k in sorted(groups):
        members = [i for _, i in sorted(groups[k])]
        order += (members * (per_class // len(members) + 1))[:per_class]
    indices = torch.tensor(order, dtype=torch.long)
    return indices, chances[indices]


# %% right: NumPy's lexsort and resize
def pseudo(model, images, threshold, per_class):
    before = model.training
    try:
        with torch.no_grad():
            chances = torch.softmax(model.eval()(images), 1)
    finally:
        model.train(before)
    p = chances.numpy()
    best, kind = p.max(axis=1), p.argmax(axis=1)
    order = np.lexsort((np.arange(len(p)), -best))
    order = order[best[order] >= threshold]
    picked = [np.resize(order[kind[order] == k], per_class) for k in range(p.shape[1]) if (kind[order] == k).any()]
    indices = torch.from_numpy(np.concatenate(picked).astype(np.int64)) if picked else torch.empty(0, dtype=torch.int64)
    return indices, chances[indices]


# %% right: two stable sorts, remainders for the copies
@torch.no_grad()
def pseudo(model, images, threshold, per_class):
    mode = model.training
    chances = torch.softmax(model.eval()(images), dim=1)
    model.train(mode)
    confidence, _ = chances.max(dim=1)
    kind = chances.argmax(dim=1)
    order = confidence.sort(descending=True, stable=True).indices
    order = order[confidence[order] >= threshold]
    chosen = [torch.empty(0, dtype=torch.int64)]
    for k in kind[order].unique(sorted=True):
        members = order[kind[order] == k]
        chosen.append(members[torch.arange(per_class) % len(members)])
    indices = torch.cat(chosen)
    return indices, chances[indices]


# %% wrong: the teacher in the mode that it is in
def pseudo(model, images, threshold, per_class):
    with torch.no_grad():
        chances = torch.softmax(model(images), 1)
    confidence, kind = chances.max(1).values, chances.argmax(1)
    chosen = []
    for k in range(chances.shape[1]):
        members = [i for i in range(len(chances)) if kind[i] == k and confidence[i] >= threshold]
        members.sort(key=lambda i: -confidence[i].item())
        chosen += [members[i % len(members)] for i in range(per_class)] if members else []
    indices = torch.tensor(chosen, dtype=torch.int64)
    return indices, chances[indices]


# %% wrong: the teacher stays in evaluation mode
def pseudo(model, images, threshold, per_class):
    model.eval()
    with torch.no_grad():
        chances = torch.softmax(model(images), 1)
    confidence, kind = chances.max(1).values, chances.argmax(1)
    chosen = []
    for k in range(chances.shape[1]):
        members = [i for i in range(len(chances)) if kind[i] == k and confidence[i] >= threshold]
        members.sort(key=lambda i: -confidence[i].item())
        chosen += [members[i % len(members)] for i in range(per_class)] if members else []
    indices = torch.tensor(chosen, dtype=torch.int64)
    return indices, chances[indices]


# %% wrong: always in training mode afterwards
def pseudo(model, images, threshold, per_class):
    model.eval()
    with torch.no_grad():
        chances = torch.softmax(model(images), 1)
    model.train()
    confidence, kind = chances.max(1).values, chances.argmax(1)
    chosen = []
    for k in range(chances.shape[1]):
        members = [i for i in range(len(chances)) if kind[i] == k and confidence[i] >= threshold]
        members.sort(key=lambda i: -confidence[i].item())
        chosen += [members[i % len(members)] for i in range(per_class)] if members else []
    indices = torch.tensor(chosen, dtype=torch.int64)
    return indices, chances[indices]


# %% wrong: the threshold on logits
def pseudo(model, images, threshold, per_class):
    mode = model.training
    with torch.no_grad():
        logits = model.eval()(images)
    model.train(mode)
    chances = torch.softmax(logits, 1)
    confidence, kind = logits.max(1).values, chances.argmax(1)
    chosen = []
    for k in range(chances.shape[1]):
        members = [i for i in range(len(chances)) if kind[i] == k and confidence[i] >= threshold]
        members.sort(key=lambda i: -confidence[i].item())
        chosen += [members[i % len(members)] for i in range(per_class)] if members else []
    indices = torch.tensor(chosen, dtype=torch.int64)
    return indices, chances[indices]


# %% wrong: with gradients
def pseudo(model, images, threshold, per_class):
    mode = model.training
    chances = torch.softmax(model.eval()(images), 1)
    model.train(mode)
    confidence, kind = chances.max(1).values, chances.argmax(1)
    chosen = []
    for k in range(chances.shape[1]):
        members = [i for i in range(len(chances)) if kind[i] == k and confidence[i] >= threshold]
        members.sort(key=lambda i: -confidence[i].item())
        chosen += [members[i % len(members)] for i in range(per_class)] if members else []
    indices = torch.tensor(chosen, dtype=torch.int64)
    return indices, chances[indices]


# %% wrong: gradients switched off for good
def pseudo(model, images, threshold, per_class):
    mode = model.training
    torch.set_grad_enabled(False)
    chances = torch.softmax(model.eval()(images), 1)
    model.train(mode)
    confidence, kind = chances.max(1).values, chances.argmax(1)
    chosen = []
    for k in range(chances.shape[1]):
        members = [i for i in range(len(chances)) if kind[i] == k and confidence[i] >= threshold]
        members.sort(key=lambda i: -confidence[i].item())
        chosen += [members[i % len(members)] for i in range(per_class)] if members else []
    indices = torch.tensor(chosen, dtype=torch.int64)
    return indices, chances[indices]


# %% wrong: no copies of a rare class
def pseudo(model, images, threshold, per_class):
    mode = model.training
    with torch.no_grad():
        chances = torch.softmax(model.eval()(images), 1)
    model.train(mode)
    confidence, kind = chances.max(1).values, chances.argmax(1)
    chosen = []
    for k in range(chances.shape[1]):
        members = [i for i in range(len(chances)) if kind[i] == k and confidence[i] >= threshold]
        members.sort(key=lambda i: -confidence[i].item())
        chosen += members[:per_class]
    indices = torch.tensor(chosen, dtype=torch.int64)
    return indices, chances[indices]


# %% wrong: the first images of a class, not the most confident
def pseudo(model, images, threshold, per_class):
    mode = model.training
    with torch.no_grad():
        chances = torch.softmax(model.eval()(images), 1)
    model.train(mode)
    confidence, kind = chances.max(1).values, chances.argmax(1)
    chosen = []
    for k in range(chances.shape[1]):
        members = [i for i in range(len(chances)) if kind[i] == k and confidence[i] >= threshold]
        chosen += [members[i % len(members)] for i in range(per_class)] if members else []
    indices = torch.tensor(chosen, dtype=torch.int64)
    return indices, chances[indices]


# %% wrong: an error when nothing is kept
def pseudo(model, images, threshold, per_class):
    mode = model.training
    with torch.no_grad():
        chances = torch.softmax(model.eval()(images), 1)
    model.train(mode)
    confidence, kind = chances.max(1).values, chances.argmax(1)
    chosen = []
    for k in range(chances.shape[1]):
        members = torch.nonzero((kind == k) & (confidence >= threshold))[:, 0]
        members = members[torch.argsort(confidence[members], descending=True, stable=True)]
        if len(members):
            chosen.append(members[torch.arange(per_class) % len(members)])
    indices = torch.cat(chosen)
    return indices, chances[indices]


# %% wrong: targets of shape (0,) when nothing is kept
def pseudo(model, images, threshold, per_class):
    mode = model.training
    with torch.no_grad():
        chances = torch.softmax(model.eval()(images), 1)
    model.train(mode)
    confidence, kind = chances.max(1).values, chances.argmax(1)
    chosen, rows = [], []
    for k in range(chances.shape[1]):
        members = [i for i in range(len(chances)) if kind[i] == k and confidence[i] >= threshold]
        members.sort(key=lambda i: -confidence[i].item())
        for j in range(per_class if members else 0):
            chosen.append(members[j % len(members)])
            rows.append(chances[chosen[-1]].tolist())
    return torch.tensor(chosen, dtype=torch.int64), torch.tensor(rows, dtype=chances.dtype)


# %% wrong: copies of the best only
def pseudo(model, images, threshold, per_class):
    mode = model.training
    with torch.no_grad():
        chances = torch.softmax(model.eval()(images), 1)
    model.train(mode)
    confidence, kind = chances.max(1).values, chances.argmax(1)
    chosen = []
    for k in range(chances.shape[1]):
        members = [i for i in range(len(chances)) if kind[i] == k and confidence[i] >= threshold]
        members.sort(key=lambda i: -confidence[i].item())
        chosen += (members + members[:1] * per_class)[:per_class]
    indices = torch.tensor(chosen, dtype=torch.int64)
    return indices, chances[indices]


# %% wrong: each image again and again, a, a, a, b, b
def pseudo(model, images, threshold, per_class):
    mode = model.training
    with torch.no_grad():
        chances = torch.softmax(model.eval()(images), 1)
    model.train(mode)
    confidence, kind = chances.max(1).values, chances.argmax(1)
    chosen = []
    for k in range(chances.shape[1]):
        members = [i for i in range(len(chances)) if kind[i] == k and confidence[i] >= threshold]
        members.sort(key=lambda i: -confidence[i].item())
        some = sorted(i % len(members) for i in range(per_class)) if members else []
        chosen += [members[i] for i in some]
    indices = torch.tensor(chosen, dtype=torch.int64)
    return indices, chances[indices]


# %% wrong: of equally confident ones the larger index first
def pseudo(model, images, threshold, per_class):
    mode = model.training
    with torch.no_grad():
        chances = torch.softmax(model.eval()(images), 1)
    model.train(mode)
    confidence, kind = chances.max(1).values, chances.argmax(1)
    chosen = []
    for k in range(chances.shape[1]):
        members = [i for i in range(len(chances)) if kind[i] == k and confidence[i] >= threshold]
        members.sort(key=lambda i: confidence[i].item())
        members.reverse()
        chosen += [members[i % len(members)] for i in range(per_class)] if members else []
    indices = torch.tensor(chosen, dtype=torch.int64)
    return indices, chances[indices]


# %% wrong: hard targets
def pseudo(model, images, threshold, per_class):
    mode = model.training
    with torch.no_grad():
        chances = torch.softmax(model.eval()(images), 1)
    model.train(mode)
    confidence, kind = chances.max(1).values, chances.argmax(1)
    chosen = []
    for k in range(chances.shape[1]):
        members = [i for i in range(len(chances)) if kind[i] == k and confidence[i] >= threshold]
        members.sort(key=lambda i: -confidence[i].item())
        chosen += [members[i % len(members)] for i in range(per_class)] if members else []
    indices = torch.tensor(chosen, dtype=torch.int64)
    return indices, torch.nn.functional.one_hot(kind[indices], chances.shape[1]).to(chances.dtype)


# %% wrong: more than the threshold
def pseudo(model, images, threshold, per_class):
    mode = model.training
    with torch.no_grad():
        chances = torch.softmax(model.eval()(images), 1)
    model.train(mode)
    confidence, kind = chances.max(1).values, chances.argmax(1)
    chosen = []
    for k in range(chances.shape[1]):
        members = [i for i in range(len(chances)) if kind[i] == k and confidence[i] > threshold]
        members.sort(key=lambda i: -confidence[i].item())
        chosen += [members[i % len(members)] for i in range(per_class)] if members else []
    indices = torch.tensor(chosen, dtype=torch.int64)
    return indices, chances[indices]


# %% wrong: classes counted by the images
def pseudo(model, images, threshold, per_class):
    mode = model.training
    with torch.no_grad():
        chances = torch.softmax(model.eval()(images), 1)
    model.train(mode)
    confidence, kind = chances.max(1).values, chances.argmax(1)
    chosen = []
    for k in range(len(chances)):
        members = [i for i in range(len(chances)) if kind[i] == k and confidence[i] >= threshold]
        members.sort(key=lambda i: -confidence[i].item())
        chosen += [members[i % len(members)] for i in range(per_class)] if members else []
    indices = torch.tensor(chosen, dtype=torch.int64)
    return indices, chances[indices]


# %% wrong: targets in float32
def pseudo(model, images, threshold, per_class):
    mode = model.training
    with torch.no_grad():
        chances = torch.softmax(model.eval()(images), 1)
    model.train(mode)
    confidence, kind = chances.max(1).values, chances.argmax(1)
    chosen = []
    for k in range(chances.shape[1]):
        members = [i for i in range(len(chances)) if kind[i] == k and confidence[i] >= threshold]
        members.sort(key=lambda i: -confidence[i].item())
        chosen += [members[i % len(members)] for i in range(per_class)] if members else []
    indices = torch.tensor(chosen, dtype=torch.int64)
    return indices, chances[indices].float()


# %% wrong: targets in float64
def pseudo(model, images, threshold, per_class):
    mode = model.training
    with torch.no_grad():
        chances = torch.softmax(model.eval()(images), 1)
    model.train(mode)
    confidence, kind = chances.max(1).values, chances.argmax(1)
    chosen = []
    for k in range(chances.shape[1]):
        members = [i for i in range(len(chances)) if kind[i] == k and confidence[i] >= threshold]
        members.sort(key=lambda i: -confidence[i].item())
        chosen += [members[i % len(members)] for i in range(per_class)] if members else []
    indices = torch.tensor(chosen, dtype=torch.int64)
    return indices, chances[indices].double()

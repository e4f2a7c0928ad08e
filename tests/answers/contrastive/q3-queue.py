# %% right: logsumexp
def queue_loss(q, k, queue, temperature):
    q = q / q.norm(dim=1, keepdim=True)
    k = k / k.norm(dim=1, keepdim=True)
    queue = queue / queue.norm(dim=1, keepdim=True)
    right = torch.einsum("bd,bd->b", q, k) / temperature
    others = torch.einsum("bd,jd->bj", q, queue) / temperature
    return (torch.cat([right[:, None], others], 1).logsumexp(1) - right).mean()


def push(queue, place, keys):
    if len(keys) > len(queue):
        raise ValueError("too many keys")
    queue = queue.clone()
    for key in keys:
        queue[place] = key / key.norm()
        place = (place + 1) % len(queue)
    return queue, place


# %% right: a rolled queue, and the key last
def queue_loss(q, k, queue, temperature):
    cosine = torch.nn.functional.cosine_similarity
    right = cosine(q, k)[:, None]
    others = cosine(q[:, None], queue[None], dim=-1)
    scores = torch.cat([others, right], dim=1) / temperature
    return -scores.log_softmax(dim=1)[:, -1].mean()


def push(queue, place, keys):
    size, batch = queue.shape[0], keys.shape[0]
    if batch > size:
        raise ValueError(f"{batch} keys, {size} places")
    turned = torch.roll(queue, -place, dims=0)
    turned = torch.cat([torch.nn.functional.normalize(keys), turned[batch:]])
    return torch.roll(turned, place, dims=0), (place + batch) % size


# %% right: two slices
def queue_loss(q, k, queue, temperature):
    unit = torch.nn.functional.normalize
    q, k, queue = unit(q), unit(k), unit(queue)
    losses = []
    for one, key in zip(q, k):
        scores = torch.cat([(one @ key)[None], queue @ one]) / temperature
        losses.append(scores.logsumexp(0) - scores[0])
    return torch.stack(losses).mean()


def push(queue, place, keys):
    size, batch = len(queue), len(keys)
    if batch > size:
        raise ValueError("the batch is larger than the queue")
    new, keys = queue.clone(), torch.nn.functional.normalize(keys, dim=1)
    until = min(size, place + batch)
    new[place:until] = keys[: until - place]
    new[: batch - (until - place)] = keys[until - place :]
    return new, (place + batch) % size


# %% right: the formula as it stands, and a roll
def unit(v):
    return v / v.norm(dim=-1, keepdim=True)


def queue_loss(q, k, queue, temperature):
    right = torch.exp((unit(q) * unit(k)).sum(1) / temperature)
    others = torch.exp(unit(q) @ unit(queue).T / temperature).sum(1)
    return -torch.log(right / (right + others)).mean()


@torch.no_grad()
def push(queue, place, keys):
    if len(keys) > len(queue):
        raise ValueError(f"{len(keys)} keys, {len(queue)} places")
    new = torch.roll(queue, -place, 0)
    new[: len(keys)] = unit(keys)
    return torch.roll(new, place, 0), torch.tensor((place + len(keys)) % len(queue))


# %% wrong: the positive is left out of the sum
def queue_loss(q, k, queue, temperature):
    q, k, queue = (nn.functional.normalize(v) for v in (q, k, queue))
    right = (q * k).sum(dim=1) / temperature
    return ((q @ queue.T / temperature).logsumexp(dim=1) - right).mean()


def push(queue, place, keys):
    where = (place + torch.arange(len(keys))) % len(queue)
    queue[where] = nn.functional.normalize(keys)
    return queue, (place + len(keys)) % len(queue)


# %% wrong: dot products, and keys as long as they come
def queue_loss(q, k, queue, temperature):
    scores = torch.cat([(q * k).sum(dim=1, keepdim=True), q @ queue.T], dim=1) / temperature
    return nn.functional.cross_entropy(scores, torch.zeros(len(q), dtype=torch.long))


def push(queue, place, keys):
    if len(keys) > len(queue):
        raise ValueError("too many keys")
    queue = queue.clone()
    queue[(place + torch.arange(len(keys))) % len(queue)] = keys
    return queue, (place + len(keys)) % len(queue)


# %% wrong: other keys of the batch are negatives too, and what does not fit is lost
def queue_loss(q, k, queue, temperature):
    q, k, queue = (nn.functional.normalize(v) for v in (q, k, queue))
    scores = torch.cat([q @ k.T, q @ queue.T], dim=1) / temperature
    return nn.functional.cross_entropy(scores, torch.arange(len(q)))


def push(queue, place, keys):
    if len(keys) > len(queue):
        raise ValueError("too many keys")
    queue = queue.clone()
    room = len(queue) - place
    queue[place : place + len(keys)] = nn.functional.normalize(keys)[:room]
    return queue, min(place + len(keys), len(queue)) % len(queue)


# %% wrong: the label points at the last key, and the place runs on beyond the end
def queue_loss(q, k, queue, temperature):
    q, k, queue = (nn.functional.normalize(v) for v in (q, k, queue))
    scores = torch.cat([(q * k).sum(dim=1, keepdim=True), q @ queue.T], dim=1) / temperature
    return nn.functional.cross_entropy(scores, torch.full((len(q),), len(queue)))


def push(queue, place, keys):
    if len(keys) > len(queue):
        raise ValueError("too many keys")
    queue = queue.clone()
    queue[(place + torch.arange(len(keys))) % len(queue)] = nn.functional.normalize(keys)
    return queue, place + len(keys)


# %% wrong: a sum over the batch, and a batch that is too large is cut
def queue_loss(q, k, queue, temperature):
    q, k, queue = (nn.functional.normalize(v) for v in (q, k, queue))
    scores = torch.cat([(q * k).sum(dim=1, keepdim=True), q @ queue.T], dim=1) / temperature
    return nn.functional.cross_entropy(scores, torch.zeros(len(q), dtype=torch.long), reduction="sum")


def push(queue, place, keys):
    keys = keys[: len(queue)]
    queue = queue.clone()
    queue[(place + torch.arange(len(keys))) % len(queue)] = nn.functional.normalize(keys)
    return queue, (place + len(keys)) % len(queue)


# %% wrong: the place after the last row is the size
def queue_loss(q, k, queue, temperature):
    q, k, queue = (nn.functional.normalize(v, dim=1) for v in (q, k, queue))
    positive = (q * k).sum(1, keepdim=True)
    logits = torch.cat([positive, q @ queue.T], dim=1) / temperature
    return nn.functional.cross_entropy(logits, torch.zeros(len(q), dtype=torch.long))


def push(queue, place, keys):
    size = len(queue)
    if len(keys) > size:
        raise ValueError("batch larger than the queue")
    new = queue.clone()
    index = (torch.arange(len(keys)) + place) % size
    new[index] = nn.functional.normalize(keys, dim=1)
    place = place + len(keys)
    return new, place - size if place > size else place


# %% wrong: a batch as large as the queue is refused
def queue_loss(q, k, queue, temperature):
    q, k, queue = (nn.functional.normalize(v, dim=1) for v in (q, k, queue))
    positive = (q * k).sum(1, keepdim=True)
    logits = torch.cat([positive, q @ queue.T], dim=1) / temperature
    return nn.functional.cross_entropy(logits, torch.zeros(len(q), dtype=torch.long))


def push(queue, place, keys):
    size = len(queue)
    if len(keys) >= size:
        raise ValueError("batch larger than the queue")
    new = queue.clone()
    index = (torch.arange(len(keys)) + place) % size
    new[index] = nn.functional.normalize(keys, dim=1)
    return new, (place + len(keys)) % size


# %% wrong: no gradient reaches the query
import torch.nn.functional as F


@torch.no_grad()
def queue_loss(q, k, queue, temperature):
    q, k, queue = F.normalize(q, dim=1), F.normalize(k, dim=1), F.normalize(queue, dim=1)
    logits = torch.cat([(q * k).sum(1, keepdim=True), q @ queue.T], dim=1) / temperature
    return F.cross_entropy(logits, torch.zeros(len(q), dtype=torch.long))


def push(queue, place, keys):
    size, n = len(queue), len(keys)
    if n > size:
        raise ValueError(f"{n} keys do not fit into a queue of {size}")
    new = queue.clone()
    new[(place + torch.arange(n)) % size] = F.normalize(keys, dim=1)
    return new, (place + n) % size


# %% wrong: keys of other images are negatives too
import torch.nn.functional as F


def queue_loss(q, k, queue, temperature):
    q, k, queue = F.normalize(q, dim=1), F.normalize(k, dim=1), F.normalize(queue, dim=1)
    logits = q @ torch.cat([k, queue]).T / temperature
    return F.cross_entropy(logits, torch.arange(len(q)))


def push(queue, place, keys):
    size, n = len(queue), len(keys)
    if n > size:
        raise ValueError(f"{n} keys do not fit into a queue of {size}")
    new = queue.clone()
    new[(place + torch.arange(n)) % size] = F.normalize(keys, dim=1)
    return new, (place + n) % size


# %% wrong: the whole queue is brought to length 1
import torch.nn.functional as F


def queue_loss(q, k, queue, temperature):
    q, k, queue = F.normalize(q, dim=1), F.normalize(k, dim=1), F.normalize(queue, dim=1)
    logits = torch.cat([(q * k).sum(1, keepdim=True), q @ queue.T], dim=1) / temperature
    return F.cross_entropy(logits, torch.zeros(len(q), dtype=torch.long))


def push(queue, place, keys):
    size, n = len(queue), len(keys)
    if n > size:
        raise ValueError(f"{n} keys do not fit into a queue of {size}")
    new = queue.clone()
    new[(place + torch.arange(n)) % size] = keys
    return F.normalize(new, dim=1), (place + n) % size


# %% wrong: the new queue is float32, whatever came
import torch.nn.functional as F


def queue_loss(q, k, queue, temperature):
    q, k, queue = F.normalize(q, dim=1), F.normalize(k, dim=1), F.normalize(queue, dim=1)
    logits = torch.cat([(q * k).sum(1, keepdim=True), q @ queue.T], dim=1) / temperature
    return F.cross_entropy(logits, torch.zeros(len(q), dtype=torch.long))


def push(queue, place, keys):
    size, n = len(queue), len(keys)
    if n > size:
        raise ValueError(f"{n} keys do not fit into a queue of {size}")
    new = torch.zeros(queue.shape)
    new[:] = queue
    new[(place + torch.arange(n)) % size] = F.normalize(keys, dim=1).float()
    return new, (place + n) % size


# %% wrong: the loss is always float64
import torch.nn.functional as F


def queue_loss(q, k, queue, temperature):
    q, k, queue = (F.normalize(v.double(), dim=1) for v in (q, k, queue))
    logits = torch.cat([(q * k).sum(1, keepdim=True), q @ queue.T], dim=1) / temperature
    return F.cross_entropy(logits, torch.zeros(len(q), dtype=torch.long))


def push(queue, place, keys):
    size, n = len(queue), len(keys)
    if n > size:
        raise ValueError(f"{n} keys do not fit into a queue of {size}")
    new = queue.clone()
    new[(place + torch.arange(n)) % size] = F.normalize(keys, dim=1)
    return new, (place + n) % size

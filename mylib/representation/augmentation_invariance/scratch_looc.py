"""Loss, network and queues in NumPy: one space that forgets every augmentation, and one for each that keeps it."""

import numpy as np

from mylib import engine
from mylib.attention.contrastive.scratch import ProjectionHead
from mylib.engine import as_tensor, nn
from mylib.engine.tensor import float_tensor
from mylib.representation.augmentation_invariance import contract


def looc_loss(queries, keys, queues, temperature=0.2):
    r"""L = -1/(n+1) { log E_00 / (E_00 + S_0) + sum_{i=1..n} log E_ii / (sum_{j=0..n} E_ij + S_i) }.

    E_ij = exp(z_i^q . z_i^{k_j} / tau) compares query and key j in head i, S_i = sum_s exp(z_i^q . queue_is / tau). In
    head i the other keys of the same image, key 0 among them, are negatives: the hard ones, which differ from the
    positive in augmentation i alone. In head 0 keys 1 to n do not appear. Each head is a softmax of its own; the loss
    is their mean, and the mean over the batch. With one head it is MoCo's.

    Args:    queries: z^q of the n + 1 heads; all vectors are brought to length 1 here. Shape (heads, batch, dim).
             keys: z^{k_j} of the n + 1 views in each head. Shape (heads, views, batch, dim), heads = views = n + 1.
             queues: earlier keys of each head, as an array; no gradient goes to them. Shape (heads, size, dim).
             temperature: tau above 0.
    Returns: Tensor, nats: a number.
    Raises:  ValueError: shapes that do not fit, an empty batch or queue, or a temperature that is not above 0.
             TypeError: integers.
    Source:  Xiao et al. (2021), section 3; slide "Overall training objective". Differs: none.

    Example:
        >>> east, north = np.array([1.0, 0.0]), np.array([0.0, 1.0])
        >>> queries, keys = np.tile(east, (2, 1, 1)), np.tile(east, (2, 2, 1, 1))
        >>> loss = looc_loss(queries, keys, np.tile(north, (2, 1, 1)), temperature=1.0)
        >>> round(loss.item(), 4)  # half of log(1 + 1/e) + log(2 + 1/e)
        0.5876
    """
    q, k, queues = float_tensor(queries, "looc_loss"), float_tensor(keys, "looc_loss"), np.asarray(queues)
    contract.check_loss(q.shape, k.shape, queues.shape, (q.dtype, k.dtype, queues.dtype), temperature)
    heads, batch, _ = q.shape
    q, k = unit(q), unit(k)
    negatives = unit(queues.astype(q.dtype)).numpy()  # a copy: the queues may take in the new keys at once
    same = (q.unsqueeze(1) * k).sum(axis=-1).permute(0, 2, 1)  # (heads, batch, views)
    scores = engine.concatenate([same, q @ negatives.swapaxes(-1, -2)], axis=-1) / temperature
    absent = np.zeros(scores.shape, q.dtype)
    absent[0, :, 1:heads] = -np.inf  # head 0 sees key 0 alone
    right = np.repeat(np.arange(heads), batch)  # head i's positive is key i
    return engine.cross_entropy((scores + absent).reshape(heads * batch, -1), right)


class LooC(nn.Module):
    r"""v = trunk(x), z_i = unit(head_i(v)): one trunk, and a head for each of n + 1 spaces.

    Args:    trunk: module from images to (batch, dim).
             dim: of v.
             heads: n + 1.
             hidden, out_features: of each head, a `contrastive.ProjectionHead`.
    Raises:  ValueError: sizes below 1; when called, a trunk that returns another shape.
    Source:  Xiao et al. (2021), figure 2; slide "Model Architecture". Differs: `embed_all` puts the heads' unit outputs
             side by side; in the paper each head holds the last block of the ResNet, and LooC++ takes its features.

    Example:
        >>> model = LooC(nn.Flatten(), 12, heads=3)
        >>> model(np.zeros((5, 3, 2, 2), np.float32)).shape
        (3, 5, 32)
    """

    def __init__(self, trunk, dim, heads, hidden=64, out_features=32):
        super().__init__()
        contract.check_sizes(dim=dim, heads=heads, hidden=hidden, out_features=out_features)
        self.trunk, self.dim = trunk, dim
        self.heads = nn.ModuleList([ProjectionHead(dim, hidden, out_features) for _ in range(heads)])

    def forward(self, images):
        """Unit vectors z_0 to z_n. Shapes (batch, ...) to (heads, batch, out_features)."""
        features = self.embed(images)
        return engine.stack([unit(head(features)) for head in self.heads])

    # The same text on both sides: a call and the check of its result.
    def embed(self, images):
        """LooC's representation v, without heads. Shapes (batch, ...) to (batch, dim)."""
        features = self.trunk(images)
        contract.check_features(features.shape, self.dim)
        return features

    def embed_all(self, images):
        """LooC++'s representation, all spaces side by side. Shapes (batch, ...) to (batch, heads * out_features)."""
        return engine.concatenate(list(self(images)), axis=1)


def push(queues, keys):
    """Each head's queue takes in the head's own positive keys: queue i those of view i.

    Args:    queues: a `contrastive.KeyQueue` for each head.
             keys: of all views, as `looc_loss` takes them, of which head i keeps view i; or those to be kept. Shape
                 (heads, views, batch, dim) or (heads, batch, dim).
    Returns: None.
    Raises:  ValueError: another number of queues than heads, or a batch that does not divide a queue's size.
    Source:  Xiao et al. (2021): a queue for each space; He et al. (2020). Differs: which keys a queue takes in is our
             reading; another implementation puts those of view 0 into all.

    Example:
        >>> from mylib.attention.contrastive.scratch import KeyQueue
        >>> queues = [KeyQueue(4, 2), KeyQueue(4, 2)]
        >>> push(queues, np.arange(16.0).reshape(2, 2, 2, 2))
        >>> keys = queues[1].keys[:2]  # of (12, 13) and (14, 15)
        >>> [[round(float(value), 3) for value in key] for key in keys]
        [[0.678, 0.735], [0.682, 0.731]]
    """
    keys = as_tensor(keys).numpy()
    if contract.check_push(len(queues), keys.shape) == 4:
        keys = [keys[head, head] for head in range(len(keys))]
    for queue, own in zip(queues, keys, strict=True):
        queue.push(own)


def unit(v):
    """v / ||v|| along the last axis, as a Tensor; 0 where v is 0, and no gradient there."""
    v = as_tensor(v)
    # First by the largest entry, as a constant: the squares of tiny or huge entries are no numbers.
    largest = np.abs(v.data).max(axis=-1, keepdims=True, initial=0)
    scale = np.where(largest > 0, 1 / np.maximum(largest, np.finfo(v.dtype).tiny), 0).astype(v.dtype)
    v = v * scale
    return v / ((v * v).sum(axis=-1, keepdims=True) + (largest == 0).astype(v.dtype)).sqrt()

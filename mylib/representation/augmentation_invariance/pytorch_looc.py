"""Loss, network and queues in PyTorch: all heads at once, in float32 also under autocast."""

import torch
from torch import nn

from mylib.attention.contrastive.pytorch import ProjectionHead
from mylib.representation.augmentation_invariance import contract
from mylib.shared.devices import at_least_float32


def looc_loss(queries, keys, queues, temperature=0.2):
    r"""L = mean over heads and batch of log(sum of what head i sees) - log E_ii, one log-sum-exp for all heads.

    The queues may take in new keys before the backward pass: what it needs of them is a copy.
    """
    given = queries, keys, queues
    contract.check_loss(*(one.shape for one in given), tuple(one.dtype for one in given), temperature)
    wide = torch.promote_types(queries.dtype, torch.float32)
    q, k, negatives = (_unit(one.to(wide)) for one in (queries, keys, queues.detach()))
    with torch.autocast("cpu" if queries.is_meta else queries.device.type, enabled=False):
        own = torch.einsum("hbd,hvbd->hbv", q, k) / temperature
        others = torch.einsum("hbd,hsd->hbs", q, negatives) / temperature
    positive = own.diagonal(dim1=0, dim2=2).T  # (heads, batch)
    unseen = torch.zeros_like(own, dtype=torch.bool)
    unseen[0, :, 1:] = True  # keys 1 to n in head 0
    seen = torch.cat([own.masked_fill(unseen, -torch.inf), others], dim=2)
    return (seen.logsumexp(dim=2) - positive).mean()


class LooC(nn.Module):
    r"""v = trunk(x), z_i = unit(head_i(v)): one trunk, and a head for each of n + 1 spaces."""

    def __init__(self, trunk, dim, heads, hidden=64, out_features=32):
        super().__init__()
        contract.check_sizes(dim=dim, heads=heads, hidden=hidden, out_features=out_features)
        self.trunk, self.dim = trunk, dim
        self.heads = nn.ModuleList(ProjectionHead(dim, hidden, out_features) for _ in range(heads))

    def forward(self, images):
        """Unit vectors z_0 to z_n. Shapes (batch, ...) to (heads, batch, out_features)."""
        v = self.embed(images)
        return _unit(torch.stack([head(v) for head in self.heads]))

    # The same text on both sides: a call and the check of its result.
    def embed(self, images):
        """LooC's representation v, without heads. Shapes (batch, ...) to (batch, dim)."""
        features = self.trunk(images)
        contract.check_features(features.shape, self.dim)
        return features

    def embed_all(self, images):
        """LooC++'s representation, all spaces side by side. Shapes (batch, ...) to (batch, heads * out_features)."""
        return self(images).transpose(0, 1).flatten(1)


@torch.no_grad()
def push(queues, keys):
    """Each head's queue takes in the head's own positive keys: queue i those of view i."""
    if contract.check_push(len(queues), keys.shape) == 4:
        keys = keys.diagonal().permute(2, 0, 1)  # (heads, batch, dim)
    for queue, own in zip(queues, keys, strict=True):
        queue.push(own)


def _unit(v):
    """v / ||v|| along the last axis; 0 where v is 0, and no gradient there."""
    v = at_least_float32(v)
    largest = v.detach().abs().amax(dim=-1, keepdim=True)
    some = largest > 0
    # The largest entry, a constant, is taken out first: squares of tiny or huge entries are no numbers.
    v = torch.where(some, v, 0.0) / largest.clamp(min=torch.finfo(v.dtype).tiny)
    return v / torch.where(some, v.square().sum(dim=-1, keepdim=True), 1.0).sqrt()

"""What is remembered between batches, in PyTorch: buffers on the model's device, changed in place without a look."""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.attention.contrastive import contract
from mylib.shared.devices import on_cpu


class MemoryBank(nn.Module):
    r"""One vector for each training image, from when the image was last seen: f_i <- unit(m f_i + (1 - m) v_i)."""

    def __init__(self, size, dim, momentum=0.5, seed=0):
        super().__init__()
        contract.check_memory("MemoryBank", size, dim)
        contract.check_share("MemoryBank", momentum=momentum)
        self.momentum = momentum
        self.register_buffer("vectors", _random_unit(size, dim, seed))

    @torch.no_grad()
    def update(self, indices, v):
        """Move the vectors of these images, each named once, towards v. Shapes (batch,) and (batch, dim)."""
        contract.check_update(self.vectors.shape, indices.shape, v.shape)
        if indices.numel() and on_cpu(indices):
            contract.check_numbers("MemoryBank", "indices", *map(int, indices.aminmax()), len(self.vectors))
        v = F.normalize(v.to(self.vectors.dtype))
        new = self.momentum * self.vectors[indices] + (1 - self.momentum) * v
        self.vectors.index_copy_(0, indices, F.normalize(new))


class KeyQueue(nn.Module):
    r"""The keys of the latest batches: the newest takes the place of the oldest."""

    def __init__(self, size, dim, seed=0):
        super().__init__()
        contract.check_memory("KeyQueue", size, dim)
        self.register_buffer("keys", _random_unit(size, dim, seed))
        self.register_buffer("place", torch.zeros(1, dtype=torch.long))  # where the oldest key stands

    @torch.no_grad()
    def push(self, keys):
        """Let a batch of keys in, and as many old ones out. Shape (batch, dim)."""
        contract.check_push(*self.keys.shape, keys.shape)
        # The place is a tensor: to read it as a number would make a GPU's host wait.
        where = (self.place + torch.arange(len(keys), device=self.keys.device)) % len(self.keys)
        self.keys.index_copy_(0, where, F.normalize(keys.to(self.keys.dtype)))
        self.place.add_(len(keys)).remainder_(len(self.keys))


@torch.no_grad()
def momentum_update(key, query, m=0.999):
    r"""theta_k <- m theta_k + (1 - m) theta_q, in place: the key encoder follows slowly."""
    contract.check_share("momentum_update", m=m)
    ours, theirs = dict(key.named_parameters()), dict(query.named_parameters())
    contract.check_parameters(*({name: one.shape for name, one in side.items()} for side in (ours, theirs)))
    torch._foreach_lerp_(list(ours.values()), [theirs[name] for name in ours], 1 - m)  # one kernel for all


def _random_unit(size, dim, seed):
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(size, dim, generator=generator))

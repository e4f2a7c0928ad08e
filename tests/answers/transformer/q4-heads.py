# %% right: einsum
class Heads(torch.nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        if dim % heads:
            raise ValueError(f"{heads} heads do not divide {dim}")
        self.dim, self.heads = dim, heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, torch.nn.Linear(dim, dim, bias=False))

    def forward(self, x, memory, mask=None):
        d = self.dim // self.heads
        q = self.query(x).view(*x.shape[:2], self.heads, d)
        k, v = (f(memory).view(*memory.shape[:2], self.heads, d) for f in (self.key, self.value))
        scores = torch.einsum("bnhd,bmhd->bhnm", q, k) / d**0.5
        if mask is not None:
            scores = torch.where(mask, scores, torch.tensor(-math.inf, dtype=scores.dtype))
        mixed = torch.einsum("bhnm,bmhd->bnhd", scores.softmax(-1), v)
        return self.output(mixed.reshape(x.shape))


# %% right: a loop over heads
class Heads(torch.nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        if dim % heads:
            raise ValueError(f"{heads} heads do not divide {dim}")
        self.dim, self.heads = dim, heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, torch.nn.Linear(dim, dim, bias=False))

    def forward(self, x, memory, mask=None):
        q, k, v = self.query(x), self.key(memory), self.value(memory)
        d, results = self.dim // self.heads, []
        for head in range(self.heads):
            part = slice(head * d, (head + 1) * d)
            scores = q[..., part] @ k[..., part].transpose(1, 2) / d**0.5
            if mask is not None:
                seen = mask.expand(len(x), self.heads, x.shape[1], memory.shape[1])[:, head]
                scores = scores.masked_fill(seen.logical_not(), -math.inf)
            results.append(torch.softmax(scores, dim=2) @ v[..., part])
        return self.output(torch.cat(results, dim=2))


# %% right: chunks, stacked; the mask as a number to add
class Heads(torch.nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        if dim % heads:
            raise ValueError(f"{heads} heads do not divide {dim}")
        self.dim, self.heads = dim, heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, torch.nn.Linear(dim, dim, bias=False))

    def forward(self, x, memory, mask=None):
        q, k, v = (
            torch.stack(f(y).chunk(self.heads, dim=2), dim=1)
            for f, y in ((self.query, x), (self.key, memory), (self.value, memory))
        )
        scores = q.matmul(k.mT) * (self.dim / self.heads) ** -0.5
        if mask is not None:
            scores = scores + torch.zeros(mask.shape, dtype=x.dtype).masked_fill(~mask, -math.inf)
        weights = scores.softmax(dim=-1)
        return self.output(torch.cat(weights.matmul(v).unbind(dim=1), dim=2))


# %% wrong: divides by the root of dim, not of a head's part
class Heads(torch.nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        if dim % heads:
            raise ValueError(f"{heads} heads do not divide {dim}")
        self.dim, self.heads = dim, heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, torch.nn.Linear(dim, dim, bias=False))

    def split(self, x):
        return x.reshape(len(x), x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, memory, mask=None):
        q, k, v = self.split(self.query(x)), self.split(self.key(memory)), self.split(self.value(memory))
        scores = q @ k.transpose(2, 3) / math.sqrt(self.dim)
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        return self.output((scores.softmax(dim=3) @ v).transpose(1, 2).flatten(2))


# %% wrong: heads take every so-manieth entry
class Heads(torch.nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        if dim % heads:
            raise ValueError(f"{heads} heads do not divide {dim}")
        self.dim, self.heads = dim, heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, torch.nn.Linear(dim, dim, bias=False))

    def split(self, x):
        return x.reshape(len(x), x.shape[1], -1, self.heads).permute(0, 3, 1, 2)

    def forward(self, x, memory, mask=None):
        q, k, v = self.split(self.query(x)), self.split(self.key(memory)), self.split(self.value(memory))
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[3])
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        return self.output((scores.softmax(dim=3) @ v).permute(0, 2, 3, 1).flatten(2))


# %% wrong: forgets to bring the heads back beside each other
class Heads(torch.nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        if dim % heads:
            raise ValueError(f"{heads} heads do not divide {dim}")
        self.dim, self.heads = dim, heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, torch.nn.Linear(dim, dim, bias=False))

    def split(self, x):
        return x.reshape(len(x), x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, memory, mask=None):
        q, k, v = self.split(self.query(x)), self.split(self.key(memory)), self.split(self.value(memory))
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[3])
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        return self.output((scores.softmax(dim=3) @ v).reshape(x.shape))


# %% wrong: keys and values from x
class Heads(torch.nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        if dim % heads:
            raise ValueError(f"{heads} heads do not divide {dim}")
        self.dim, self.heads = dim, heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, torch.nn.Linear(dim, dim, bias=False))

    def split(self, x):
        return x.reshape(len(x), x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, memory, mask=None):
        q, k, v = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[3])
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        return self.output((scores.softmax(dim=3) @ v).transpose(1, 2).flatten(2))


# %% wrong: ignores the mask
class Heads(torch.nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        if dim % heads:
            raise ValueError(f"{heads} heads do not divide {dim}")
        self.dim, self.heads = dim, heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, torch.nn.Linear(dim, dim, bias=False))

    def split(self, x):
        return x.reshape(len(x), x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, memory, mask=None):
        q, k, v = self.split(self.query(x)), self.split(self.key(memory)), self.split(self.value(memory))
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[3])
        return self.output((scores.softmax(dim=3) @ v).transpose(1, 2).flatten(2))


# %% wrong: no output projection
class Heads(torch.nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        if dim % heads:
            raise ValueError(f"{heads} heads do not divide {dim}")
        self.dim, self.heads = dim, heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, torch.nn.Linear(dim, dim, bias=False))

    def split(self, x):
        return x.reshape(len(x), x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, memory, mask=None):
        q, k, v = self.split(self.query(x)), self.split(self.key(memory)), self.split(self.value(memory))
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[3])
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        return (scores.softmax(dim=3) @ v).transpose(1, 2).flatten(2) + 0 * self.output(x)


# %% wrong: heads that do not divide are cut off
class Heads(torch.nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.dim, self.heads = dim, heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, torch.nn.Linear(dim, dim, bias=False))

    def split(self, x):
        return x.reshape(len(x), x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, memory, mask=None):
        q, k, v = self.split(self.query(x)), self.split(self.key(memory)), self.split(self.value(memory))
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[3])
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        return self.output((scores.softmax(dim=3) @ v).transpose(1, 2).flatten(2))


# %% wrong: the gradient is cut at the weights
class Heads(torch.nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        if dim % heads:
            raise ValueError(f"{heads} heads do not divide {dim}")
        self.dim, self.heads = dim, heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, torch.nn.Linear(dim, dim, bias=False))

    def split(self, x):
        return x.reshape(len(x), x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, memory, mask=None):
        q, k, v = self.split(self.query(x)), self.split(self.key(memory)), self.split(self.value(memory))
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[3])
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        return self.output((scores.softmax(dim=3).detach() @ v).transpose(1, 2).flatten(2))


# %% wrong: one mask for all heads
class Heads(torch.nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        if dim % heads:
            raise ValueError(f"{heads} heads do not divide {dim}")
        self.dim, self.heads = dim, heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, torch.nn.Linear(dim, dim, bias=False))

    def split(self, x):
        return x.reshape(len(x), x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, memory, mask=None):
        q, k, v = self.split(self.query(x)), self.split(self.key(memory)), self.split(self.value(memory))
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[3])
        if mask is not None:
            mask = mask[:, :1] if mask.ndim == 4 else mask
            scores = scores.masked_fill(~mask, -math.inf)
        return self.output((scores.softmax(dim=3) @ v).transpose(1, 2).flatten(2))


# %% wrong: takes a mask of four axes for granted
class Heads(torch.nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        if dim % heads:
            raise ValueError(f"{heads} heads do not divide {dim}")
        self.dim, self.heads = dim, heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, torch.nn.Linear(dim, dim, bias=False))

    def split(self, x):
        return x.reshape(len(x), x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, memory, mask=None):
        q, k, v = self.split(self.query(x)), self.split(self.key(memory)), self.split(self.value(memory))
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[3])
        if mask is not None:
            scores = scores.masked_fill(~mask.expand(len(x), *mask.shape[1:]), -math.inf)
        return self.output((scores.softmax(dim=3) @ v).transpose(1, 2).flatten(2))


# %% wrong: no gradient to the queries
class Heads(torch.nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        if dim % heads:
            raise ValueError(f"{heads} heads do not divide {dim}")
        self.dim, self.heads = dim, heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, torch.nn.Linear(dim, dim, bias=False))

    def split(self, x):
        return x.reshape(len(x), x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, memory, mask=None):
        q, k, v = self.split(self.query(x.detach())), self.split(self.key(memory)), self.split(self.value(memory))
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[3])
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        return self.output((scores.softmax(dim=3) @ v).transpose(1, 2).flatten(2))


# %% wrong: an assertion, not a ValueError
class Heads(torch.nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        assert dim % heads == 0
        self.dim, self.heads = dim, heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, torch.nn.Linear(dim, dim, bias=False))

    def split(self, x):
        return x.reshape(len(x), x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, memory, mask=None):
        q, k, v = self.split(self.query(x)), self.split(self.key(memory)), self.split(self.value(memory))
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[3])
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        return self.output((scores.softmax(dim=3) @ v).transpose(1, 2).flatten(2))


# %% wrong: the output's weight is taken out of the graph
class Heads(torch.nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        if dim % heads:
            raise ValueError(f"{heads} heads do not divide {dim}")
        self.dim, self.heads = dim, heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, torch.nn.Linear(dim, dim, bias=False))

    def split(self, x):
        return x.reshape(len(x), x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, memory, mask=None):
        q, k, v = self.split(self.query(x)), self.split(self.key(memory)), self.split(self.value(memory))
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[3])
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        return (scores.softmax(dim=3) @ v).transpose(1, 2).flatten(2) @ self.output.weight.data.T

# %% right: step by step
class Layer(torch.nn.Module):
    def __init__(self, dim, hidden, attention):
        super().__init__()
        self.attention = attention
        self.inner = torch.nn.Linear(dim, hidden)
        self.outer = torch.nn.Linear(hidden, dim)
        self.norm1 = torch.nn.LayerNorm(dim)
        self.norm2 = torch.nn.LayerNorm(dim)

    def forward(self, x, mask=None):
        looked = self.attention(x, x, mask)
        x = self.norm1(looked + x)
        thought = self.outer(self.inner(x).clamp(min=0))
        return self.norm2(thought + x)


# %% right: functions of torch
class Layer(torch.nn.Module):
    def __init__(self, dim, hidden, attention):
        super().__init__()
        self.attention = attention
        self.inner = torch.nn.Linear(dim, hidden)
        self.outer = torch.nn.Linear(hidden, dim)
        self.norm1 = torch.nn.LayerNorm(dim)
        self.norm2 = torch.nn.LayerNorm(dim)

    def forward(self, x, mask=None):
        residual = x + self.attention(x, memory=x, mask=mask)
        y = torch.nn.functional.layer_norm(residual, self.norm1.normalized_shape, self.norm1.weight, self.norm1.bias)
        return self.norm2(y + self.outer(torch.nn.functional.relu(self.inner(y))))


# %% right: parts in a list
class Layer(torch.nn.Module):
    def __init__(self, dim, hidden, attention):
        super().__init__()
        parts = {
            "attention": attention,
            "inner": torch.nn.Linear(dim, hidden),
            "outer": torch.nn.Linear(hidden, dim),
            "norm1": torch.nn.LayerNorm(dim),
            "norm2": torch.nn.LayerNorm(dim),
        }
        for name, part in parts.items():
            self.add_module(name, part)

    def think(self, x):
        return self.outer(torch.maximum(self.inner(x), torch.zeros((), dtype=x.dtype)))

    def forward(self, x, mask=None):
        for norm, part in ((self.norm1, lambda t: self.attention(t, t, mask)), (self.norm2, self.think)):
            x = norm(part(x) + x)
        return x


# %% wrong: the norm stands before each part
class Layer(torch.nn.Module):
    def __init__(self, dim, hidden, attention):
        super().__init__()
        self.attention = attention
        self.inner = torch.nn.Linear(dim, hidden)
        self.outer = torch.nn.Linear(hidden, dim)
        self.norm1 = torch.nn.LayerNorm(dim)
        self.norm2 = torch.nn.LayerNorm(dim)

    def forward(self, x, mask=None):
        h = self.norm1(x)
        x = x + self.attention(h, h, mask)
        return x + self.outer(torch.relu(self.inner(self.norm2(x))))


# %% wrong: no residual connection around the attention
class Layer(torch.nn.Module):
    def __init__(self, dim, hidden, attention):
        super().__init__()
        self.attention = attention
        self.inner = torch.nn.Linear(dim, hidden)
        self.outer = torch.nn.Linear(hidden, dim)
        self.norm1 = torch.nn.LayerNorm(dim)
        self.norm2 = torch.nn.LayerNorm(dim)

    def forward(self, x, mask=None):
        x = self.norm1(self.attention(x, x, mask))
        return self.norm2(x + self.outer(torch.relu(self.inner(x))))


# %% wrong: forgets the mask
class Layer(torch.nn.Module):
    def __init__(self, dim, hidden, attention):
        super().__init__()
        self.attention = attention
        self.inner = torch.nn.Linear(dim, hidden)
        self.outer = torch.nn.Linear(hidden, dim)
        self.norm1 = torch.nn.LayerNorm(dim)
        self.norm2 = torch.nn.LayerNorm(dim)

    def forward(self, x, mask=None):
        x = self.norm1(x + self.attention(x, x))
        return self.norm2(x + self.outer(torch.relu(self.inner(x))))


# %% wrong: the same norm twice
class Layer(torch.nn.Module):
    def __init__(self, dim, hidden, attention):
        super().__init__()
        self.attention = attention
        self.inner = torch.nn.Linear(dim, hidden)
        self.outer = torch.nn.Linear(hidden, dim)
        self.norm1 = torch.nn.LayerNorm(dim)
        self.norm2 = torch.nn.LayerNorm(dim)

    def forward(self, x, mask=None):
        x = self.norm1(x + self.attention(x, x, mask))
        return self.norm1(x + self.outer(torch.relu(self.inner(x)))) + 0 * self.norm2(x)


# %% wrong: no ReLU
class Layer(torch.nn.Module):
    def __init__(self, dim, hidden, attention):
        super().__init__()
        self.attention = attention
        self.inner = torch.nn.Linear(dim, hidden)
        self.outer = torch.nn.Linear(hidden, dim)
        self.norm1 = torch.nn.LayerNorm(dim)
        self.norm2 = torch.nn.LayerNorm(dim)

    def forward(self, x, mask=None):
        x = self.norm1(x + self.attention(x, x, mask))
        return self.norm2(x + self.outer(self.inner(x)))


# %% wrong: the residual of the second part is the layer's input
class Layer(torch.nn.Module):
    def __init__(self, dim, hidden, attention):
        super().__init__()
        self.attention = attention
        self.inner = torch.nn.Linear(dim, hidden)
        self.outer = torch.nn.Linear(hidden, dim)
        self.norm1 = torch.nn.LayerNorm(dim)
        self.norm2 = torch.nn.LayerNorm(dim)

    def forward(self, x, mask=None):
        y = self.norm1(x + self.attention(x, x, mask))
        return self.norm2(x + self.outer(torch.relu(self.inner(y))))


# %% wrong: GELU in place of ReLU
class Layer(torch.nn.Module):
    def __init__(self, dim, hidden, attention):
        super().__init__()
        self.attention = attention
        self.inner = torch.nn.Linear(dim, hidden)
        self.outer = torch.nn.Linear(hidden, dim)
        self.norm1 = torch.nn.LayerNorm(dim)
        self.norm2 = torch.nn.LayerNorm(dim)

    def forward(self, x, mask=None):
        x = self.norm1(x + self.attention(x, x, mask))
        return self.norm2(x + self.outer(torch.nn.functional.gelu(self.inner(x))))


# %% wrong: adds in place
class Layer(torch.nn.Module):
    def __init__(self, dim, hidden, attention):
        super().__init__()
        self.attention = attention
        self.inner = torch.nn.Linear(dim, hidden)
        self.outer = torch.nn.Linear(hidden, dim)
        self.norm1 = torch.nn.LayerNorm(dim)
        self.norm2 = torch.nn.LayerNorm(dim)

    def forward(self, x, mask=None):
        x += self.attention(x, x, mask)
        x = self.norm1(x)
        return self.norm2(x + self.outer(torch.relu(self.inner(x))))


# %% wrong: the mask of the first sequence for all
class Layer(torch.nn.Module):
    def __init__(self, dim, hidden, attention):
        super().__init__()
        self.attention = attention
        self.inner = torch.nn.Linear(dim, hidden)
        self.outer = torch.nn.Linear(hidden, dim)
        self.norm1 = torch.nn.LayerNorm(dim)
        self.norm2 = torch.nn.LayerNorm(dim)

    def forward(self, x, mask=None):
        mask = None if mask is None else mask[:1]
        x = self.norm1(x + self.attention(x, x, mask))
        return self.norm2(x + self.outer(torch.relu(self.inner(x))))


# %% wrong: the residual connection passes no gradient
class Layer(torch.nn.Module):
    def __init__(self, dim, hidden, attention):
        super().__init__()
        self.attention = attention
        self.inner = torch.nn.Linear(dim, hidden)
        self.outer = torch.nn.Linear(hidden, dim)
        self.norm1 = torch.nn.LayerNorm(dim)
        self.norm2 = torch.nn.LayerNorm(dim)

    def forward(self, x, mask=None):
        x = self.norm1(x.detach() + self.attention(x, x, mask))
        return self.norm2(x + self.outer(torch.relu(self.inner(x))))

# %% right: tokens repeated, lists of parts
class TwoTokens(torch.nn.Module):
    def __init__(self, encoder, count, dim, classes):
        super().__init__()
        self.encoder = encoder
        self.class_token = torch.nn.Parameter(torch.randn(1, 1, dim))
        self.distillation_token = torch.nn.Parameter(torch.randn(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.zeros(1, count + 2, dim))
        self.head = torch.nn.Linear(dim, classes)
        self.distillation_head = torch.nn.Linear(dim, classes)

    def forward(self, x):
        n = x.shape[0]
        parts = [self.class_token.repeat(n, 1, 1), self.distillation_token.repeat(n, 1, 1), x]
        z = self.encoder(torch.cat(parts, 1) + self.positions)
        scores = self.head(z[:, 0]), self.distillation_head(z[:, 1])
        if self.training:
            return scores
        return torch.stack(scores).mean(0)


# %% right: positions added part by part
class TwoTokens(torch.nn.Module):
    def __init__(self, encoder, count, dim, classes):
        super().__init__()
        self.head = torch.nn.Linear(dim, classes)
        self.distillation_head = torch.nn.Linear(dim, classes)
        self.encoder = encoder
        self.positions = torch.nn.Parameter(torch.empty(1, count + 2, dim))
        torch.nn.init.trunc_normal_(self.positions, std=0.02)
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.distillation_token = torch.nn.Parameter(torch.zeros(1, 1, dim))

    def forward(self, x):
        first = (self.class_token + self.positions[:, :1]).expand(x.size(0), 1, x.size(2))
        second = (self.distillation_token + self.positions[:, 1:2]).expand(x.size(0), 1, x.size(2))
        y = self.encoder(torch.cat((first, second, x + self.positions[:, 2:]), dim=1))
        a, b = y.unbind(1)[:2]
        a, b = self.head(a), self.distillation_head(b)
        return (a, b) if self.training else 0.5 * a + 0.5 * b


# %% right: an empty tensor that is filled
class TwoTokens(torch.nn.Module):
    def __init__(self, encoder, count, dim, classes):
        super().__init__()
        for name, size in (("class_token", 1), ("distillation_token", 1), ("positions", count + 2)):
            self.register_parameter(name, torch.nn.Parameter(0.02 * torch.randn(1, size, dim)))
        self.encoder = encoder
        self.head, self.distillation_head = (torch.nn.Linear(dim, classes) for _ in range(2))

    def forward(self, x):
        n, count, dim = x.shape
        sequence = torch.zeros(n, count + 2, dim, dtype=x.dtype, device=x.device)
        sequence[:, 0] = self.class_token[:, 0]
        sequence[:, 1] = self.distillation_token[:, 0]
        sequence[:, 2:] = x
        y = self.encoder(sequence + self.positions)
        return self.answers(y[:, :2])

    def answers(self, y):
        scores = self.head(y[:, 0]), self.distillation_head(y[:, 1])
        return scores if self.training else sum(scores) / 2


# %% wrong: positions for one token
class TwoTokens(torch.nn.Module):
    def __init__(self, encoder, count, dim, classes):
        super().__init__()
        self.encoder = encoder
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.distillation_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.zeros(1, count + 1, dim))
        self.head = torch.nn.Linear(dim, classes)
        self.distillation_head = torch.nn.Linear(dim, classes)

    def forward(self, x):
        x = torch.cat([self.class_token.expand(len(x), -1, -1), x], 1) + self.positions
        x = torch.cat([x[:, :1], self.distillation_token.expand(len(x), -1, -1), x[:, 1:]], 1)
        y = self.encoder(x)
        scores = self.head(y[:, 0]), self.distillation_head(y[:, 1])
        return scores if self.training else (scores[0] + scores[1]) / 2


# %% wrong: heads exchanged
class TwoTokens(torch.nn.Module):
    def __init__(self, encoder, count, dim, classes):
        super().__init__()
        self.encoder = encoder
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.distillation_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.zeros(1, count + 2, dim))
        self.head = torch.nn.Linear(dim, classes)
        self.distillation_head = torch.nn.Linear(dim, classes)

    def forward(self, x):
        tokens = torch.cat([self.class_token, self.distillation_token], 1).expand(len(x), -1, -1)
        y = self.encoder(torch.cat([tokens, x], 1) + self.positions)
        scores = self.head(y[:, 1]), self.distillation_head(y[:, 0])
        return scores if self.training else (scores[0] + scores[1]) / 2


# %% wrong: the mean in training too
class TwoTokens(torch.nn.Module):
    def __init__(self, encoder, count, dim, classes):
        super().__init__()
        self.encoder = encoder
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.distillation_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.zeros(1, count + 2, dim))
        self.head = torch.nn.Linear(dim, classes)
        self.distillation_head = torch.nn.Linear(dim, classes)

    def forward(self, x):
        tokens = torch.cat([self.class_token, self.distillation_token], 1).expand(len(x), -1, -1)
        y = self.encoder(torch.cat([tokens, x], 1) + self.positions)
        return (self.head(y[:, 0]) + self.distillation_head(y[:, 1])) / 2


# %% wrong: both scores in evaluation too
class TwoTokens(torch.nn.Module):
    def __init__(self, encoder, count, dim, classes):
        super().__init__()
        self.encoder = encoder
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.distillation_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.zeros(1, count + 2, dim))
        self.head = torch.nn.Linear(dim, classes)
        self.distillation_head = torch.nn.Linear(dim, classes)

    def forward(self, x):
        tokens = torch.cat([self.class_token, self.distillation_token], 1).expand(len(x), -1, -1)
        y = self.encoder(torch.cat([tokens, x], 1) + self.positions)
        return self.head(y[:, 0]), self.distillation_head(y[:, 1])


# %% wrong: the mean of probabilities
class TwoTokens(torch.nn.Module):
    def __init__(self, encoder, count, dim, classes):
        super().__init__()
        self.encoder = encoder
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.distillation_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.zeros(1, count + 2, dim))
        self.head = torch.nn.Linear(dim, classes)
        self.distillation_head = torch.nn.Linear(dim, classes)

    def forward(self, x):
        tokens = torch.cat([self.class_token, self.distillation_token], 1).expand(len(x), -1, -1)
        y = self.encoder(torch.cat([tokens, x], 1) + self.positions)
        a, b = self.head(y[:, 0]), self.distillation_head(y[:, 1])
        return (a, b) if self.training else (a.softmax(1) + b.softmax(1)) / 2


# %% wrong: the distillation token at the end
class TwoTokens(torch.nn.Module):
    def __init__(self, encoder, count, dim, classes):
        super().__init__()
        self.encoder = encoder
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.distillation_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.zeros(1, count + 2, dim))
        self.head = torch.nn.Linear(dim, classes)
        self.distillation_head = torch.nn.Linear(dim, classes)

    def forward(self, x):
        parts = [self.class_token.expand(len(x), -1, -1), x, self.distillation_token.expand(len(x), -1, -1)]
        y = self.encoder(torch.cat(parts, 1) + self.positions)
        a, b = self.head(y[:, 0]), self.distillation_head(y[:, -1])
        return (a, b) if self.training else (a + b) / 2


# %% wrong: no positions for the tokens
class TwoTokens(torch.nn.Module):
    def __init__(self, encoder, count, dim, classes):
        super().__init__()
        self.encoder = encoder
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.distillation_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.zeros(1, count + 2, dim))
        self.head = torch.nn.Linear(dim, classes)
        self.distillation_head = torch.nn.Linear(dim, classes)

    def forward(self, x):
        tokens = torch.cat([self.class_token, self.distillation_token], 1).expand(len(x), -1, -1)
        y = self.encoder(torch.cat([tokens, x + self.positions[:, 2:]], 1))
        a, b = self.head(y[:, 0]), self.distillation_head(y[:, 1])
        return (a, b) if self.training else (a + b) / 2


# %% wrong: each token alone with the patches
class TwoTokens(torch.nn.Module):
    def __init__(self, encoder, count, dim, classes):
        super().__init__()
        self.encoder = encoder
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.distillation_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.zeros(1, count + 2, dim))
        self.head = torch.nn.Linear(dim, classes)
        self.distillation_head = torch.nn.Linear(dim, classes)

    def forward(self, x):
        x = x + self.positions[:, 2:]
        first = (self.class_token + self.positions[:, :1]).expand(len(x), -1, -1)
        second = (self.distillation_token + self.positions[:, 1:2]).expand(len(x), -1, -1)
        a = self.head(self.encoder(torch.cat([first, x], 1))[:, 0])
        b = self.distillation_head(self.encoder(torch.cat([second, x], 1))[:, 0])
        return (a, b) if self.training else (a + b) / 2


# %% wrong: the mode told by whether gradients are on
class TwoTokens(torch.nn.Module):
    def __init__(self, encoder, count, dim, classes):
        super().__init__()
        self.encoder = encoder
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.distillation_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.zeros(1, count + 2, dim))
        self.head = torch.nn.Linear(dim, classes)
        self.distillation_head = torch.nn.Linear(dim, classes)

    def forward(self, x):
        tokens = torch.cat([self.class_token, self.distillation_token], 1).expand(len(x), -1, -1)
        y = self.encoder(torch.cat([tokens, x], 1) + self.positions)
        a, b = self.head(y[:, 0]), self.distillation_head(y[:, 1])
        return (a, b) if torch.is_grad_enabled() else (a + b) / 2


# %% wrong: tokens by their data, which are not trained
class TwoTokens(torch.nn.Module):
    def __init__(self, encoder, count, dim, classes):
        super().__init__()
        self.encoder = encoder
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.distillation_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.zeros(1, count + 2, dim))
        self.head = torch.nn.Linear(dim, classes)
        self.distillation_head = torch.nn.Linear(dim, classes)

    def forward(self, x):
        tokens = torch.cat([self.class_token.data, self.distillation_token.data], 1).expand(len(x), -1, -1)
        y = self.encoder(torch.cat([tokens, x], 1) + self.positions)
        a, b = self.head(y[:, 0]), self.distillation_head(y[:, 1])
        return (a, b) if self.training else (a + b) / 2


# %% wrong: one head for both
class TwoTokens(torch.nn.Module):
    def __init__(self, encoder, count, dim, classes):
        super().__init__()
        self.encoder = encoder
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.distillation_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.zeros(1, count + 2, dim))
        self.head = torch.nn.Linear(dim, classes)
        self.distillation_head = torch.nn.Linear(dim, classes)

    def forward(self, x):
        tokens = torch.cat([self.class_token, self.distillation_token], 1).expand(len(x), -1, -1)
        y = self.encoder(torch.cat([tokens, x], 1) + self.positions)
        a, b = self.head(y[:, 0]), self.head(y[:, 1])
        return (a, b) if self.training else (a + b) / 2


# %% wrong: adds the positions to its argument in place
class TwoTokens(torch.nn.Module):
    def __init__(self, encoder, count, dim, classes):
        super().__init__()
        self.encoder = encoder
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.distillation_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(0.02 * torch.randn(1, count + 2, dim))
        self.head = torch.nn.Linear(dim, classes)
        self.distillation_head = torch.nn.Linear(dim, classes)

    def forward(self, x):
        if not x.requires_grad:
            x.data += self.positions.data[:, 2:]
            x = x.detach() + self.positions[:, 2:] - self.positions.detach()[:, 2:]
        else:
            x = x + self.positions[:, 2:]
        tokens = torch.cat([self.class_token, self.distillation_token], 1) + self.positions[:, :2]
        y = self.encoder(torch.cat([tokens.expand(len(x), -1, -1), x], 1))
        a, b = self.head(y[:, 0]), self.distillation_head(y[:, 1])
        return (a, b) if self.training else (a + b) / 2

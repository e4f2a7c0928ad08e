# %% right: repeat
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.empty(1, count + 1, dim).normal_(std=0.02))

    def forward(self, x):
        first = self.class_token.repeat(x.shape[0], 1, 1)
        return torch.cat((first, x), 1) + self.positions


# %% right: positions added to each part
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.empty(1, count + 1, dim).normal_(std=0.02))

    def forward(self, x):
        first = (self.class_token + self.positions[:, :1]).expand(len(x), 1, x.shape[2])
        return torch.cat([first, x + self.positions[:, 1:]], dim=1)


# %% right: padded in front
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.empty(1, count + 1, dim).normal_(std=0.02))

    def forward(self, x):
        first = torch.nn.functional.pad(self.class_token, (0, 0, 0, x.shape[1]))
        return torch.nn.functional.pad(x, (0, 0, 1, 0)) + first + self.positions


# %% wrong: class token at the end
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.empty(1, count + 1, dim).normal_(std=0.02))

    def forward(self, x):
        return torch.cat([x, self.class_token.expand(len(x), -1, -1)], dim=1) + self.positions


# %% wrong: no position for the class token
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.empty(1, count + 1, dim).normal_(std=0.02))

    def forward(self, x):
        first = self.class_token.expand(len(x), -1, -1)
        return torch.cat([first, x + self.positions[:, 1:]], dim=1)


# %% wrong: positions of the wrong tokens
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.empty(1, count + 1, dim).normal_(std=0.02))

    def forward(self, x):
        first = self.class_token.expand(len(x), -1, -1)
        return torch.cat([first + self.positions[:, -1:], x + self.positions[:, :-1]], dim=1)


# %% wrong: the class token gets no gradient
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.empty(1, count + 1, dim).normal_(std=0.02))

    def forward(self, x):
        return torch.cat([self.class_token.detach().expand(len(x), -1, -1), x], dim=1) + self.positions


# %% wrong: positions of standard deviation 1
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.empty(1, count + 1, dim).normal_())

    def forward(self, x):
        return torch.cat([self.class_token.expand(len(x), -1, -1), x], dim=1) + self.positions


# %% wrong: a class token for one image only
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.empty(1, count + 1, dim).normal_(std=0.02))

    def forward(self, x):
        return torch.cat([self.class_token, x[:1]], dim=1) + self.positions


# %% right: a normal distribution cut off far away
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.nn.init.trunc_normal_(torch.empty(1, count + 1, dim), std=0.02))

    def forward(self, x):
        return torch.cat([self.class_token.expand(len(x), -1, -1), x], dim=1) + self.positions


# %% wrong: uniform positions
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter((torch.rand(1, count + 1, dim) - 0.5) * 0.02 * 12**0.5)

    def forward(self, x):
        return torch.cat([self.class_token.expand(len(x), -1, -1), x], dim=1) + self.positions


# %% wrong: a normal distribution cut off at two standard deviations
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.nn.init.trunc_normal_(torch.empty(1, count + 1, dim), std=0.02, a=-0.04, b=0.04))

    def forward(self, x):
        return torch.cat([self.class_token.expand(len(x), -1, -1), x], dim=1) + self.positions


# %% wrong: positions around 0.02
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.normal(0.02, 0.02, (1, count + 1, dim)))

    def forward(self, x):
        return torch.cat([self.class_token.expand(len(x), -1, -1), x], dim=1) + self.positions


# %% wrong: one position for all places
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter((0.02 * torch.randn(1, 1, dim)).repeat(1, count + 1, 1))

    def forward(self, x):
        return torch.cat([self.class_token.expand(len(x), -1, -1), x], dim=1) + self.positions


# %% wrong: sets a seed
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        torch.manual_seed(0)
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.empty(1, count + 1, dim).normal_(std=0.02))

    def forward(self, x):
        return torch.cat([self.class_token.expand(len(x), -1, -1), x], dim=1) + self.positions


# %% wrong: adds the positions in place
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.empty(1, count + 1, dim).normal_(std=0.02))

    def forward(self, x):
        x += self.positions[:, 1:]
        first = (self.class_token + self.positions[:, :1]).expand(len(x), -1, -1)
        return torch.cat([first, x], dim=1)


# %% wrong: always three images
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.empty(1, count + 1, dim).normal_(std=0.02))

    def forward(self, x):
        return torch.cat([self.class_token.expand(3, -1, -1), x], dim=1) + self.positions


# %% wrong: the patches get no gradient
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.empty(1, count + 1, dim).normal_(std=0.02))

    def forward(self, x):
        return torch.cat([self.class_token.expand(len(x), -1, -1), x.detach()], dim=1) + self.positions


# %% wrong: the positions get no gradient
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(torch.empty(1, count + 1, dim).normal_(std=0.02))

    def forward(self, x):
        return torch.cat([self.class_token.expand(len(x), -1, -1), x], dim=1) + self.positions.data


# %% wrong: one number for each place
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter((0.02 * torch.randn(1, count + 1, 1)).repeat(1, 1, dim))

    def forward(self, x):
        return torch.cat([self.class_token.expand(len(x), -1, -1), x], dim=1) + self.positions


# %% wrong: zeros stand in front
class Tokens(torch.nn.Module):
    def __init__(self, count, dim):
        super().__init__()
        self.class_token = torch.nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = torch.nn.Parameter(0.02 * torch.randn(1, count + 1, dim))

    def forward(self, x):
        return torch.cat([torch.zeros(len(x), 1, x.shape[2], dtype=x.dtype), x], dim=1) + self.positions

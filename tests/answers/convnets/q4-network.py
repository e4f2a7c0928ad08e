# %% right: a module of its own
class MLP(torch.nn.Module):
    def __init__(self, sizes, dropout):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.dropout = torch.nn.Dropout(dropout)

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = self.dropout(torch.relu(layer(x)))
        return self.layers[-1](x)


def make_mlp(sizes, dropout=0.0):
    return MLP(sizes, dropout)


# %% right: functional dropout that knows the mode
class Net(torch.nn.Module):
    def __init__(self, sizes, p):
        super().__init__()
        self.p = p
        for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
            self.add_module(f"linear{i}", torch.nn.Linear(a, b))

    def forward(self, x):
        x = x.reshape(len(x), -1)
        *hidden, last = self.children()
        for layer in hidden:
            x = torch.nn.functional.dropout(layer(x).relu(), self.p, training=self.training)
        return last(x)


def make_mlp(sizes, dropout=0.0):
    return Net(sizes, dropout)


# %% wrong: a ReLU after the scores
def make_mlp(sizes, dropout=0.0):
    layers = [torch.nn.Flatten()]
    for before, after in zip(sizes[:-1], sizes[1:]):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU(), torch.nn.Dropout(dropout)]
    return torch.nn.Sequential(*layers[:-1])


# %% wrong: drops in evaluation too
class Net(torch.nn.Module):
    def __init__(self, sizes, p):
        super().__init__()
        self.p = p
        self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = torch.nn.functional.dropout(layer(x).relu(), self.p)
        return self.layers[-1](x)


def make_mlp(sizes, dropout=0.0):
    return Net(sizes, dropout)


# %% wrong: forgets the ReLU
def make_mlp(sizes, dropout=0.0):
    layers = [torch.nn.Flatten()]
    for before, after in zip(sizes[:-2], sizes[1:-1]):
        layers += [torch.nn.Linear(before, after), torch.nn.Dropout(dropout)]
    return torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-2], sizes[-1]))


# %% wrong: does not flatten
def make_mlp(sizes, dropout=0.0):
    layers = []
    for before, after in zip(sizes[:-2], sizes[1:-1]):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU(), torch.nn.Dropout(dropout)]
    return torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-2], sizes[-1]))


# %% wrong: the dropout probability is the share that stays
def make_mlp(sizes, dropout=0.0):
    layers = [torch.nn.Flatten()]
    for before, after in zip(sizes[:-2], sizes[1:-1]):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU(), torch.nn.Dropout(1 - dropout)]
    return torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-2], sizes[-1]))


# %% wrong: layers in a plain list
class Net(torch.nn.Module):
    def __init__(self, sizes, dropout):
        super().__init__()
        self.layers = [torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
        self.dropout = torch.nn.Dropout(dropout)

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = self.dropout(torch.relu(layer(x)))
        return self.layers[-1](x)


def make_mlp(sizes, dropout=0.0):
    return Net(sizes, dropout)


# %% right: dropout in front of the ReLU, which is the same
def make_mlp(sizes, dropout=0.0):
    layers = [torch.nn.Flatten()]
    for before, after in zip(sizes[:-2], sizes[1:-1]):
        layers += [torch.nn.Linear(before, after), torch.nn.Dropout(dropout), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-2], sizes[-1]))


# %% wrong: drops scores too
def make_mlp(sizes, dropout=0.0):
    layers = [torch.nn.Flatten()]
    for before, after in zip(sizes[:-2], sizes[1:-1]):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU(), torch.nn.Dropout(dropout)]
    return torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-2], sizes[-1]), torch.nn.Dropout(dropout))


# %% wrong: layers of equal size are one layer
def make_mlp(sizes, dropout=0.0):
    made, layers = {}, [torch.nn.Flatten()]
    for pair in zip(sizes[:-1], sizes[1:]):
        if pair not in made:
            made[pair] = torch.nn.Linear(*pair)
        layers += [made[pair], torch.nn.ReLU(), torch.nn.Dropout(dropout)]
    return torch.nn.Sequential(*layers[:-2])


# %% wrong: takes the list of sizes apart
def make_mlp(sizes, dropout=0.0):
    layers = [torch.nn.Flatten()]
    while len(sizes) > 2:
        layers += [torch.nn.Linear(sizes.pop(0), sizes[0]), torch.nn.ReLU(), torch.nn.Dropout(dropout)]
    return torch.nn.Sequential(*layers, torch.nn.Linear(sizes[0], sizes[1]))


# %% wrong: dropout in front of the last layer only
def make_mlp(sizes, dropout=0.0):
    layers = [torch.nn.Flatten()]
    for before, after in zip(sizes[:-2], sizes[1:-1]):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU()]
    if len(sizes) > 2:
        layers.append(torch.nn.Dropout(dropout))
    return torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-2], sizes[-1]))


# %% wrong: ReLU6
def make_mlp(sizes, dropout=0.0):
    layers = [torch.nn.Flatten()]
    for before, after in zip(sizes[:-2], sizes[1:-1]):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU6(), torch.nn.Dropout(dropout)]
    return torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-2], sizes[-1]))


# %% wrong: squeezes the scores
class MLP(torch.nn.Module):
    def __init__(self, sizes, dropout):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.dropout = torch.nn.Dropout(dropout)

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = self.dropout(torch.relu(layer(x)))
        return self.layers[-1](x).squeeze()


def make_mlp(sizes, dropout=0.0):
    return MLP(sizes, dropout)


# %% wrong: half of the units are dropped if nobody asks
class MLP(torch.nn.Module):
    def __init__(self, sizes, dropout):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.dropout = torch.nn.Dropout(dropout)

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = self.dropout(torch.relu(layer(x)))
        return self.layers[-1](x)


def make_mlp(sizes, dropout=0.5):
    return MLP(sizes, dropout)

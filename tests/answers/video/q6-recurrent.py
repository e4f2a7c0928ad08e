# %% right: all inputs at once, the first step apart
class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.w = torch.nn.Linear(features, hidden)
        self.u = torch.nn.Linear(hidden, hidden, bias=False)
        self.v = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        first, *others = self.w(x).unbind(1)
        h = first.tanh()
        for drive in others:
            h = (drive + self.u(h)).tanh()
        return self.v(h)


# %% right: a cell of its own, frames by transposing
class Cell(torch.nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.input = torch.nn.Linear(features, hidden)
        self.memory = torch.nn.Linear(hidden, hidden, bias=False)

    def forward(self, f, h):
        return torch.tanh(self.input(f) + self.memory(h))


class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.hidden = hidden
        self.cell = Cell(features, hidden)
        self.head = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        h = torch.zeros(x.shape[0], self.hidden, dtype=x.dtype, device=x.device)
        for f in x.transpose(0, 1):
            h = self.cell(f, h)
        return self.head(h)


# %% right: functional, from the weights
class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.a = torch.nn.Linear(features, hidden)
        self.b = torch.nn.Linear(hidden, hidden, bias=False)
        self.c = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        h = None
        for t in range(x.size(1)):
            z = x[:, t] @ self.a.weight.T + self.a.bias
            if h is not None:
                z = z + h @ self.b.weight.T
            h = torch.tanh(z)
        return h @ self.c.weight.T + self.c.bias


# %% right: h is float32, whatever comes
class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.input = torch.nn.Linear(features, hidden)
        self.recurrent = torch.nn.Linear(hidden, hidden, bias=False)
        self.output = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        h = torch.zeros(x.shape[0], self.recurrent.in_features)
        for t in range(x.shape[1]):
            h = torch.tanh(self.input(x[:, t]) + self.recurrent(h))
        return self.output(h)


# %% wrong: no tanh
class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.input = torch.nn.Linear(features, hidden)
        self.recurrent = torch.nn.Linear(hidden, hidden, bias=False)
        self.output = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        h = x.new_zeros(len(x), self.recurrent.in_features)
        for t in range(x.shape[1]):
            h = self.input(x[:, t]) + self.recurrent(h)
        return self.output(h)


# %% wrong: tanh on the features only
class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.input = torch.nn.Linear(features, hidden)
        self.recurrent = torch.nn.Linear(hidden, hidden, bias=False)
        self.output = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        h = x.new_zeros(len(x), self.recurrent.in_features)
        for t in range(x.shape[1]):
            h = torch.tanh(self.input(x[:, t])) + self.recurrent(h)
        return self.output(h)


# %% wrong: takes the batch for time
class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.input = torch.nn.Linear(features, hidden)
        self.recurrent = torch.nn.Linear(hidden, hidden, bias=False)
        self.output = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        h = x.new_zeros(x.shape[1], self.recurrent.in_features)
        for t in range(x.shape[0]):
            h = torch.tanh(self.input(x[t]) + self.recurrent(h))
        return self.output(h)


# %% wrong: scores at every step
class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.input = torch.nn.Linear(features, hidden)
        self.recurrent = torch.nn.Linear(hidden, hidden, bias=False)
        self.output = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        h = x.new_zeros(len(x), self.recurrent.in_features)
        scores = []
        for t in range(x.shape[1]):
            h = torch.tanh(self.input(x[:, t]) + self.recurrent(h))
            scores.append(self.output(h))
        return torch.stack(scores, 1)


# %% wrong: a second bias
class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.input = torch.nn.Linear(features, hidden)
        self.recurrent = torch.nn.Linear(hidden, hidden, bias=True)
        self.output = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        h = x.new_zeros(len(x), self.recurrent.in_features)
        for t in range(x.shape[1]):
            h = torch.tanh(self.input(x[:, t]) + self.recurrent(h))
        return self.output(h)


# %% wrong: forgets the previous output
class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.input = torch.nn.Linear(features, hidden)
        self.recurrent = torch.nn.Linear(hidden, hidden, bias=False)
        self.output = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        h = x.new_zeros(len(x), self.recurrent.in_features)
        for t in range(x.shape[1]):
            h = torch.tanh(self.input(x[:, t]) + self.recurrent(0 * h))
        return self.output(h)


# %% wrong: cuts the gradient off at each step
class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.input = torch.nn.Linear(features, hidden)
        self.recurrent = torch.nn.Linear(hidden, hidden, bias=False)
        self.output = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        h = x.new_zeros(len(x), self.recurrent.in_features)
        for t in range(x.shape[1]):
            h = torch.tanh(self.input(x[:, t]) + self.recurrent(h.detach()))
        return self.output(h)


# %% wrong: stops before the last frame
class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.input = torch.nn.Linear(features, hidden)
        self.recurrent = torch.nn.Linear(hidden, hidden, bias=False)
        self.output = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        h = x.new_zeros(len(x), self.recurrent.in_features)
        for t in range(x.shape[1] - 1):
            h = torch.tanh(self.input(x[:, t]) + self.recurrent(h))
        return self.output(h)


# %% wrong: the memory stays for the next batch
class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.input = torch.nn.Linear(features, hidden)
        self.recurrent = torch.nn.Linear(hidden, hidden, bias=False)
        self.output = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        h = getattr(self, "h", None)
        if h is None or len(h) != len(x):
            h = x.new_zeros(len(x), self.recurrent.in_features)
        for t in range(x.shape[1]):
            h = torch.tanh(self.input(x[:, t]) + self.recurrent(h))
        self.h = h.detach()
        return self.output(h)


# %% wrong: the built-in network
class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.rnn = torch.nn.RNN(features, hidden, batch_first=True)
        self.output = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        return self.output(self.rnn(x)[0][:, -1])


# %% wrong: U before W
class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.recurrent = torch.nn.Linear(hidden, hidden, bias=False)
        self.input = torch.nn.Linear(features, hidden)
        self.output = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        h = x.new_zeros(len(x), self.recurrent.in_features)
        for t in range(x.shape[1]):
            h = torch.tanh(self.input(x[:, t]) + self.recurrent(h))
        return self.output(h)


# %% wrong: a random memory to start from
class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.input = torch.nn.Linear(features, hidden)
        self.recurrent = torch.nn.Linear(hidden, hidden, bias=False)
        self.output = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        h = 0.1 * torch.randn(len(x), self.recurrent.in_features, dtype=x.dtype)
        for t in range(x.shape[1]):
            h = torch.tanh(self.input(x[:, t]) + self.recurrent(h))
        return self.output(h)


# %% wrong: the layers in a plain list
class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        linear = torch.nn.Linear
        self.layers = [linear(features, hidden), linear(hidden, hidden, bias=False), linear(hidden, classes)]

    def forward(self, x):
        h = x.new_zeros(len(x), self.layers[1].in_features)
        for t in range(x.shape[1]):
            h = torch.tanh(self.layers[0](x[:, t]) + self.layers[1](h))
        return self.layers[2](h)


# %% wrong: weights in float64
class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.input = torch.nn.Linear(features, hidden, dtype=torch.float64)
        self.recurrent = torch.nn.Linear(hidden, hidden, bias=False, dtype=torch.float64)
        self.output = torch.nn.Linear(hidden, classes, dtype=torch.float64)

    def forward(self, x):
        x = x.double()
        h = x.new_zeros(len(x), self.recurrent.in_features)
        for t in range(x.shape[1]):
            h = torch.tanh(self.input(x[:, t]) + self.recurrent(h))
        return self.output(h).float()


# %% wrong: seven frames at most
class RecurrentNet(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.w = torch.nn.Linear(features, hidden)
        self.u = torch.nn.Linear(hidden, hidden, bias=False)
        self.v = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        h = torch.zeros(len(x), self.u.in_features)
        for t in range(min(7, x.shape[1])):
            h = torch.tanh(self.w(x[:, t]) + self.u(h))
        return self.v(h)

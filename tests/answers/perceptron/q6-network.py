# %% right: Sequential
class Network(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(features, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, classes)
        )

    def forward(self, x):
        return self.layers(x)


# %% right: functional relu
class Network(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.a = torch.nn.Linear(features, hidden)
        self.b = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        h = torch.nn.functional.relu(self.a(x))
        return self.b(h)


# %% right: clamp instead of relu, in a ModuleList
class Network(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.Linear(features, hidden), torch.nn.Linear(hidden, classes)])

    def forward(self, x):
        first, second = self.layers
        return second(first(x).clamp(min=0))


# %% wrong: nothing between the layers
class Network(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.first = torch.nn.Linear(features, hidden)
        self.second = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        return self.second(self.first(x))


# %% wrong: ReLU after the last layer too
class Network(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.first = torch.nn.Linear(features, hidden)
        self.second = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        return torch.relu(self.second(torch.relu(self.first(x))))


# %% wrong: softmax in the network
class Network(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.first = torch.nn.Linear(features, hidden)
        self.second = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        return torch.softmax(self.second(torch.relu(self.first(x))), dim=1)


# %% wrong: squeezes a batch of one
class Network(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.first = torch.nn.Linear(features, hidden)
        self.second = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        return self.second(torch.relu(self.first(x))).squeeze()


# %% wrong: new layers in every forward pass
class Network(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.hidden, self.classes = hidden, classes
        self.first = torch.nn.Linear(features, hidden)
        self.second = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        first = torch.nn.Linear(x.shape[1], self.hidden)
        return self.second(torch.relu(first(x)))


# %% wrong: the course's own network
from mylib.vision.perceptron.pytorch import MLP


class Network(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.inner = MLP([features, hidden, classes])

    def forward(self, x):
        return self.inner(x)


# %% wrong: the second layer is created first
class Network(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.second = torch.nn.Linear(hidden, classes)
        self.first = torch.nn.Linear(features, hidden)

    def forward(self, x):
        return self.second(torch.relu(self.first(x)))


# %% wrong: a list that PyTorch does not see
class Network(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.layers = [torch.nn.Linear(features, hidden), torch.nn.Linear(hidden, classes)]

    def forward(self, x):
        return self.layers[1](torch.relu(self.layers[0](x)))


# %% wrong: the scores are detached
class Network(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.first = torch.nn.Linear(features, hidden)
        self.second = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        return self.second(torch.relu(self.first(x))).detach()


# %% wrong: no gradient through the first layer
class Network(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.first = torch.nn.Linear(features, hidden)
        self.second = torch.nn.Linear(hidden, classes)

    def forward(self, x):
        with torch.no_grad():
            h = torch.relu(self.first(x))
        return self.second(h)


# %% wrong: initial weights of its own
class Network(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.one = torch.nn.Linear(features, hidden)
        self.two = torch.nn.Linear(hidden, classes)
        for layer in (self.one, self.two):
            torch.nn.init.xavier_uniform_(layer.weight)
            torch.nn.init.zeros_(layer.bias)

    def forward(self, x):
        return self.two(torch.relu(self.one(x)))


# %% wrong: two classes, whatever is asked
class Network(torch.nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.first = torch.nn.Linear(features, hidden)
        self.second = torch.nn.Linear(hidden, 2)

    def forward(self, x):
        return self.second(torch.relu(self.first(x)))

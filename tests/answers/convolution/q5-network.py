# %% right: Sequential
class ConvNet(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(1, 8, 3, padding=1),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(2),
            torch.nn.Conv2d(8, 16, 3, padding=1),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(2),
            torch.nn.Flatten(),
            torch.nn.Linear(784, classes),
        )

    def forward(self, x):
        return self.layers(x)


# %% right: pooling before the ReLU, which gives the same
class ConvNet(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.a = torch.nn.Conv2d(1, 8, (3, 3), padding="same")
        self.b = torch.nn.Conv2d(8, 16, (3, 3), padding="same")
        self.c = torch.nn.Linear(16 * 49, classes)
        self.pool = torch.nn.MaxPool2d(2, 2)

    def forward(self, x):
        x = torch.relu(self.pool(self.a(x)))
        x = torch.relu(self.pool(self.b(x)))
        return self.c(x.reshape(len(x), -1))


# %% right: functional, with view
class ConvNet(torch.nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.convs = torch.nn.ModuleList([torch.nn.Conv2d(1, 8, 3, 1, 1), torch.nn.Conv2d(8, 16, 3, 1, 1)])
        self.out = torch.nn.Linear(16 * 7 * 7, classes)

    def forward(self, x):
        for conv in self.convs:
            x = torch.nn.functional.max_pool2d(conv(x).clamp(min=0), kernel_size=2)
        return self.out(torch.flatten(x, start_dim=1))


# %% wrong: no padding
class ConvNet(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 8, 3)
        self.conv2 = torch.nn.Conv2d(8, 16, 3)
        self.linear = torch.nn.Linear(16 * 5 * 5, classes)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.linear(x.flatten(1))


# %% wrong: no ReLU
class ConvNet(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(8, 16, 3, padding=1)
        self.linear = torch.nn.Linear(16 * 7 * 7, classes)

    def forward(self, x):
        x = torch.max_pool2d(self.conv1(x), 2)
        x = torch.max_pool2d(self.conv2(x), 2)
        return self.linear(x.flatten(1))


# %% wrong: mean pooling
class ConvNet(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(8, 16, 3, padding=1)
        self.linear = torch.nn.Linear(16 * 7 * 7, classes)

    def forward(self, x):
        x = torch.nn.functional.avg_pool2d(torch.relu(self.conv1(x)), 2)
        x = torch.nn.functional.avg_pool2d(torch.relu(self.conv2(x)), 2)
        return self.linear(x.flatten(1))


# %% wrong: softmax at the end
class ConvNet(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(8, 16, 3, padding=1)
        self.linear = torch.nn.Linear(16 * 7 * 7, classes)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2)
        return torch.softmax(self.linear(x.flatten(1)), dim=1)


# %% wrong: flattens the batch away when there is one image
class ConvNet(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(8, 16, 3, padding=1)
        self.linear = torch.nn.Linear(16 * 7 * 7, classes)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.linear(x.flatten(1)).squeeze()


# %% wrong: a ReLU after the scores
class ConvNet(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(8, 16, 3, padding=1)
        self.linear = torch.nn.Linear(16 * 7 * 7, classes)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2)
        return torch.relu(self.linear(x.flatten(1)))


# %% wrong: ten classes whatever was asked for
class ConvNet(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(8, 16, 3, padding=1)
        self.linear = torch.nn.Linear(16 * 7 * 7, 10)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.linear(x.flatten(1))


# %% right: in float32 whatever comes
class ConvNet(torch.nn.Sequential):
    def __init__(self, classes):
        layers = []
        for before, after in ((1, 8), (8, 16)):
            layers += [torch.nn.Conv2d(before, after, 3, padding=1), torch.nn.ReLU(inplace=True), torch.nn.MaxPool2d(2)]
        super().__init__(*layers, torch.nn.Flatten(), torch.nn.Linear(784, classes))

    def forward(self, x):
        return super().forward(x.float())


# %% wrong: layers in a list
class ConvNet(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.convs = [torch.nn.Conv2d(1, 8, 3, padding=1), torch.nn.Conv2d(8, 16, 3, padding=1)]
        self.linear = torch.nn.Linear(16 * 7 * 7, classes)

    def forward(self, x):
        for conv in self.convs:
            x = torch.max_pool2d(torch.relu(conv(x)), 2)
        return self.linear(x.flatten(1))


# %% wrong: created from the last to the first
class ConvNet(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.linear = torch.nn.Linear(16 * 7 * 7, classes)
        self.conv2 = torch.nn.Conv2d(8, 16, 3, padding=1)
        self.conv1 = torch.nn.Conv2d(1, 8, 3, padding=1)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.linear(x.flatten(1))


# %% wrong: the convolutions do not learn
class ConvNet(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(8, 16, 3, padding=1)
        self.linear = torch.nn.Linear(16 * 7 * 7, classes)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.linear(x.detach().flatten(1))

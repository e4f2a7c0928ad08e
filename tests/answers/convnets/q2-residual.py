# %% right: Sequential, and a shortcut only where it is needed
class ResidualUnit(torch.nn.Module):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        self.residual = torch.nn.Sequential(
            torch.nn.Conv2d(channels_in, channels_out, kernel_size=3, stride=stride, padding=1, bias=False),
            torch.nn.BatchNorm2d(channels_out),
            torch.nn.ReLU(),
            torch.nn.Conv2d(channels_out, channels_out, kernel_size=3, padding=1, bias=False),
            torch.nn.BatchNorm2d(channels_out),
        )
        self.project = None
        if channels_in != channels_out or stride > 1:
            self.project = torch.nn.Sequential(
                torch.nn.Conv2d(channels_in, channels_out, kernel_size=1, stride=stride, bias=False),
                torch.nn.BatchNorm2d(channels_out),
            )

    def forward(self, x):
        around = x if self.project is None else self.project(x)
        return torch.nn.functional.relu(around + self.residual(x))


# %% right: an empty Sequential is the identity
class ResidualUnit(torch.nn.Module):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        nn = torch.nn
        self.c1, self.n1 = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out)
        self.c2, self.n2 = nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out)
        same = stride == 1 and channels_in == channels_out
        self.around = (
            nn.Sequential()
            if same
            else nn.Sequential(
                nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out)
            )
        )

    def forward(self, x):
        y = self.n1(self.c1(x)).clamp(min=0)
        y = self.n2(self.c2(y))
        y = y + self.around(x)
        return y.clamp(min=0)


# %% right: helper functions
def conv(channels_in, channels_out, kernel, stride=1):
    return torch.nn.Conv2d(channels_in, channels_out, kernel, stride, padding=kernel // 2, bias=False)


class ResidualUnit(torch.nn.Module):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        self.first = conv(channels_in, channels_out, 3, stride)
        self.first_norm = torch.nn.BatchNorm2d(channels_out)
        self.second = conv(channels_out, channels_out, 3)
        self.second_norm = torch.nn.BatchNorm2d(channels_out)
        self.changes = stride != 1 or channels_in != channels_out
        if self.changes:
            self.third = conv(channels_in, channels_out, 1, stride)
            self.third_norm = torch.nn.BatchNorm2d(channels_out)

    def forward(self, x):
        y = torch.relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        if self.changes:
            x = self.third_norm(self.third(x))
        return torch.relu(x + y)


# %% wrong: ReLU before the addition
class ResidualUnit(torch.nn.Module):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(channels_out)
        self.conv2 = torch.nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(channels_out)
        self.shortcut = torch.nn.Identity()
        if stride != 1 or channels_in != channels_out:
            self.shortcut = torch.nn.Sequential(
                torch.nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), torch.nn.BatchNorm2d(channels_out)
            )

    def forward(self, x):
        return self.shortcut(x) + torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))))


# %% wrong: a projection only where the channels change
class ResidualUnit(torch.nn.Module):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(channels_out)
        self.conv2 = torch.nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(channels_out)
        self.shortcut = torch.nn.Identity()
        if channels_in != channels_out:
            self.shortcut = torch.nn.Sequential(
                torch.nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), torch.nn.BatchNorm2d(channels_out)
            )

    def forward(self, x):
        return torch.relu(self.shortcut(x) + self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))))


# %% wrong: biases in front of the norms
class ResidualUnit(torch.nn.Module):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(channels_in, channels_out, 3, stride, 1)
        self.bn1 = torch.nn.BatchNorm2d(channels_out)
        self.conv2 = torch.nn.Conv2d(channels_out, channels_out, 3, 1, 1)
        self.bn2 = torch.nn.BatchNorm2d(channels_out)
        self.shortcut = torch.nn.Identity()
        if stride != 1 or channels_in != channels_out:
            self.shortcut = torch.nn.Sequential(
                torch.nn.Conv2d(channels_in, channels_out, 1, stride), torch.nn.BatchNorm2d(channels_out)
            )

    def forward(self, x):
        return torch.relu(self.shortcut(x) + self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))))


# %% wrong: the stride in the second convolution
class ResidualUnit(torch.nn.Module):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(channels_in, channels_out, 3, 1, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(channels_out)
        self.conv2 = torch.nn.Conv2d(channels_out, channels_out, 3, stride, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(channels_out)
        self.shortcut = torch.nn.Identity()
        if stride != 1 or channels_in != channels_out:
            self.shortcut = torch.nn.Sequential(
                torch.nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), torch.nn.BatchNorm2d(channels_out)
            )

    def forward(self, x):
        return torch.relu(self.shortcut(x) + self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))))


# %% wrong: rectifies its input, in place
class ResidualUnit(torch.nn.Module):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(channels_out)
        self.conv2 = torch.nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(channels_out)
        self.shortcut = torch.nn.Identity()
        if stride != 1 or channels_in != channels_out:
            self.shortcut = torch.nn.Sequential(
                torch.nn.Conv2d(channels_in, channels_out, 1, stride, bias=False),
                torch.nn.BatchNorm2d(channels_out),
            )

    def forward(self, x):
        x = torch.relu_(x)
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(self.shortcut(x) + y)


# %% wrong: layers in a plain list
class ResidualUnit(torch.nn.Module):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        conv1 = torch.nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1, bias=False)
        bn1 = torch.nn.BatchNorm2d(channels_out)
        conv2 = torch.nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        bn2 = torch.nn.BatchNorm2d(channels_out)
        self.layers = [conv1, bn1, torch.nn.ReLU(), conv2, bn2]
        if stride != 1 or channels_in != channels_out:
            self.shortcut = torch.nn.Sequential(
                torch.nn.Conv2d(channels_in, channels_out, 1, stride=stride, bias=False),
                torch.nn.BatchNorm2d(channels_out),
            )
        else:
            self.shortcut = torch.nn.Identity()

    def forward(self, x):
        out = x
        for layer in self.layers:
            out = layer(out)
        return torch.relu(self.shortcut(x) + out)


# %% wrong: norms that keep no running values
class ResidualUnit(torch.nn.Module):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(channels_out, track_running_stats=False)
        self.conv2 = torch.nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(channels_out, track_running_stats=False)
        if stride != 1 or channels_in != channels_out:
            self.shortcut = torch.nn.Sequential(
                torch.nn.Conv2d(channels_in, channels_out, 1, stride=stride, bias=False),
                torch.nn.BatchNorm2d(channels_out, track_running_stats=False),
            )
        else:
            self.shortcut = torch.nn.Identity()

    def forward(self, x):
        out = torch.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return torch.relu(self.shortcut(x) + out)


# %% wrong: both convolutions before both norms
class ResidualUnit(torch.nn.Module):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1, bias=False)
        self.conv2 = torch.nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(channels_out)
        self.bn2 = torch.nn.BatchNorm2d(channels_out)
        if stride != 1 or channels_in != channels_out:
            self.shortcut = torch.nn.Sequential(
                torch.nn.Conv2d(channels_in, channels_out, 1, stride=stride, bias=False),
                torch.nn.BatchNorm2d(channels_out),
            )
        else:
            self.shortcut = torch.nn.Identity()

    def forward(self, x):
        out = torch.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return torch.relu(self.shortcut(x) + out)


# %% wrong: does not pad
class ResidualUnit(torch.nn.Module):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(channels_in, channels_out, 3, stride=stride, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(channels_out)
        self.conv2 = torch.nn.Conv2d(channels_out, channels_out, 3, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(channels_out)
        if stride != 1 or channels_in != channels_out:
            self.shortcut = torch.nn.Sequential(
                torch.nn.Conv2d(channels_in, channels_out, 1, stride=stride, bias=False),
                torch.nn.BatchNorm2d(channels_out),
            )
        else:
            self.shortcut = torch.nn.Identity()

    def forward(self, x):
        out = torch.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return torch.relu(self.shortcut(x) + out)


# %% wrong: norms as functions, which take the running values if one does not ask
def conv(channels_in, channels_out, kernel, stride=1):
    return torch.nn.Conv2d(channels_in, channels_out, kernel, stride, padding=kernel // 2, bias=False)


def normalise(norm, x):
    return torch.nn.functional.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias)


class ResidualUnit(torch.nn.Module):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        self.first = conv(channels_in, channels_out, 3, stride)
        self.first_norm = torch.nn.BatchNorm2d(channels_out)
        self.second = conv(channels_out, channels_out, 3)
        self.second_norm = torch.nn.BatchNorm2d(channels_out)
        self.changes = stride != 1 or channels_in != channels_out
        if self.changes:
            self.third = conv(channels_in, channels_out, 1, stride)
            self.third_norm = torch.nn.BatchNorm2d(channels_out)

    def forward(self, x):
        y = torch.relu(normalise(self.first_norm, self.first(x)))
        y = normalise(self.second_norm, self.second(y))
        if self.changes:
            x = normalise(self.third_norm, self.third(x))
        return torch.relu(x + y)


# %% wrong: compares numbers with is not
def conv(channels_in, channels_out, kernel, stride=1):
    return torch.nn.Conv2d(channels_in, channels_out, kernel, stride, padding=kernel // 2, bias=False)


class ResidualUnit(torch.nn.Module):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        self.first = conv(channels_in, channels_out, 3, stride)
        self.first_norm = torch.nn.BatchNorm2d(channels_out)
        self.second = conv(channels_out, channels_out, 3)
        self.second_norm = torch.nn.BatchNorm2d(channels_out)
        self.changes = stride != 1 or channels_in is not channels_out
        if self.changes:
            self.third = conv(channels_in, channels_out, 1, stride)
            self.third_norm = torch.nn.BatchNorm2d(channels_out)

    def forward(self, x):
        y = torch.relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        if self.changes:
            x = self.third_norm(self.third(x))
        return torch.relu(x + y)


# %% wrong: the shortcut is cut off from the gradients
def conv(channels_in, channels_out, kernel, stride=1):
    return torch.nn.Conv2d(channels_in, channels_out, kernel, stride, padding=kernel // 2, bias=False)


class ResidualUnit(torch.nn.Module):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        self.first = conv(channels_in, channels_out, 3, stride)
        self.first_norm = torch.nn.BatchNorm2d(channels_out)
        self.second = conv(channels_out, channels_out, 3)
        self.second_norm = torch.nn.BatchNorm2d(channels_out)
        self.changes = stride != 1 or channels_in != channels_out
        if self.changes:
            self.third = conv(channels_in, channels_out, 1, stride)
            self.third_norm = torch.nn.BatchNorm2d(channels_out)

    def forward(self, x):
        y = torch.relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        if self.changes:
            x = self.third_norm(self.third(x)).detach()
        return torch.relu(x + y)

# %% right: cat, and padding by hand
class SpatialGate(torch.nn.Module):
    def __init__(self, kernel):
        super().__init__()
        if kernel <= 0 or kernel % 2 != 1:
            raise ValueError("the kernel needs a middle")
        self.conv = torch.nn.Conv2d(2, 1, kernel, padding=kernel // 2)

    def forward(self, x):
        mean, (maximum, _) = x.mean(dim=1, keepdim=True), x.max(dim=1, keepdim=True)
        return self.conv(torch.cat((mean, maximum), 1)).sigmoid() * x


# %% right: the size of the padding as (k - 1) / 2
class SpatialGate(torch.nn.Module):
    def __init__(self, kernel):
        if not (kernel >= 1 and kernel & 1):
            raise ValueError(f"expected an odd kernel, got {kernel}")
        super().__init__()
        self.conv = torch.nn.Conv2d(
            in_channels=2, out_channels=1, kernel_size=kernel, padding=(kernel - 1) // 2, bias=True
        )

    def gates(self, x):
        pooled = x.new_empty(x.shape[0], 2, *x.shape[2:])
        pooled[:, 0], pooled[:, 1] = x.sum(1) / x.shape[1], torch.amax(x, 1)
        return torch.sigmoid(self.conv(pooled))

    def forward(self, x):
        return torch.mul(x, self.gates(x))


# %% right: einsum for the product
class SpatialGate(torch.nn.Module):
    def __init__(self, kernel):
        super().__init__()
        if kernel not in range(1, 1000, 2):
            raise ValueError(kernel)
        self.conv = torch.nn.Conv2d(2, 1, (kernel, kernel), padding="same")

    def forward(self, x):
        m = self.conv(torch.stack((x.mean(1), x.max(1).values), 1))[:, 0]
        return torch.einsum("nchw,nhw->nchw", x, 1 / (1 + torch.exp(-m)))


# %% wrong: the maximum first
class SpatialGate(torch.nn.Module):
    def __init__(self, kernel):
        super().__init__()
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"expected an odd kernel, got {kernel}")
        self.conv = torch.nn.Conv2d(2, 1, kernel, padding=kernel // 2)

    def forward(self, x):
        return x * torch.sigmoid(self.conv(torch.stack([x.amax(1), x.mean(1)], dim=1)))


# %% wrong: no bias
class SpatialGate(torch.nn.Module):
    def __init__(self, kernel):
        super().__init__()
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"expected an odd kernel, got {kernel}")
        self.conv = torch.nn.Conv2d(2, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x):
        return x * torch.sigmoid(self.conv(torch.stack([x.mean(1), x.amax(1)], dim=1)))


# %% wrong: the gates are detached
class SpatialGate(torch.nn.Module):
    def __init__(self, kernel):
        super().__init__()
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"expected an odd kernel, got {kernel}")
        self.conv = torch.nn.Conv2d(2, 1, kernel, padding=kernel // 2)

    def forward(self, x):
        pooled = torch.stack([x.mean(1), x.amax(1)], dim=1).detach()
        return x * torch.sigmoid(self.conv(pooled))


# %% wrong: reflects at the border
class SpatialGate(torch.nn.Module):
    def __init__(self, kernel):
        super().__init__()
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"expected an odd kernel, got {kernel}")
        self.conv = torch.nn.Conv2d(2, 1, kernel, padding=kernel // 2, padding_mode="replicate")

    def forward(self, x):
        return x * torch.sigmoid(self.conv(torch.stack([x.mean(1), x.amax(1)], dim=1)))


# %% wrong: gates in training mode only
class SpatialGate(torch.nn.Module):
    def __init__(self, kernel):
        super().__init__()
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"kernel must be odd and positive, got {kernel}")
        self.conv = torch.nn.Conv2d(2, 1, kernel, padding=kernel // 2)

    def forward(self, x):
        pooled = torch.stack([x.mean(1), x.amax(1)], dim=1)
        return x * (torch.sigmoid(self.conv(pooled)) if self.training else 1)


# %% wrong: no gradient for the convolution
class SpatialGate(torch.nn.Module):
    def __init__(self, kernel):
        super().__init__()
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"kernel must be odd and positive, got {kernel}")
        self.conv = torch.nn.Conv2d(2, 1, kernel, padding=kernel // 2)

    def forward(self, x):
        pooled = torch.stack([x.mean(1), x.amax(1)], dim=1)
        with torch.no_grad():
            gate = torch.sigmoid(self.conv(pooled))
        return x * gate


# %% wrong: an assert in place of a ValueError
class SpatialGate(torch.nn.Module):
    def __init__(self, kernel):
        super().__init__()
        assert kernel >= 1 and kernel % 2
        self.conv = torch.nn.Conv2d(2, 1, kernel, padding=kernel // 2)

    def forward(self, x):
        pooled = torch.stack([x.mean(1), x.amax(1)], dim=1)
        return x * torch.sigmoid(self.conv(pooled))


# %% wrong: refuses a kernel of 1
class SpatialGate(torch.nn.Module):
    def __init__(self, kernel):
        super().__init__()
        if kernel <= 1 or kernel % 2 == 0:
            raise ValueError(f"kernel must be odd and positive, got {kernel}")
        self.conv = torch.nn.Conv2d(2, 1, kernel, padding=kernel // 2)

    def forward(self, x):
        pooled = torch.stack([x.mean(1), x.amax(1)], dim=1)
        return x * torch.sigmoid(self.conv(pooled))


# %% wrong: always a padding of 1
class SpatialGate(torch.nn.Module):
    def __init__(self, kernel):
        super().__init__()
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"kernel must be odd and positive, got {kernel}")
        self.conv = torch.nn.Conv2d(2, 1, kernel, padding=1)

    def forward(self, x):
        pooled = torch.stack([x.mean(1), x.amax(1)], dim=1)
        return x * torch.sigmoid(self.conv(pooled))


# %% wrong: changes x in place
class SpatialGate(torch.nn.Module):
    def __init__(self, kernel):
        super().__init__()
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"kernel must be odd and positive, got {kernel}")
        self.conv = torch.nn.Conv2d(2, 1, kernel, padding=kernel // 2)

    def forward(self, x):
        pooled = torch.stack([x.mean(1), x.amax(1)], dim=1)
        x *= torch.sigmoid(self.conv(pooled))
        return x


# %% wrong: the mean of two channels, however many there are
class SpatialGate(torch.nn.Module):
    def __init__(self, kernel):
        super().__init__()
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"kernel must be odd and positive, got {kernel}")
        self.conv = torch.nn.Conv2d(2, 1, kernel, padding=kernel // 2)

    def forward(self, x):
        pooled = torch.stack([x.sum(1) / 2, x.amax(1)], dim=1)
        return x * torch.sigmoid(self.conv(pooled))


# %% wrong: the mean is detached
class SpatialGate(torch.nn.Module):
    def __init__(self, kernel):
        super().__init__()
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"kernel must be odd and positive, got {kernel}")
        self.conv = torch.nn.Conv2d(2, 1, kernel, padding=kernel // 2)

    def forward(self, x):
        pooled = torch.stack([x.mean(1).detach(), x.amax(1)], dim=1)
        return x * torch.sigmoid(self.conv(pooled))


# %% wrong: the convolution as a function of its data
class SpatialGate(torch.nn.Module):
    def __init__(self, kernel):
        super().__init__()
        if kernel <= 0 or kernel % 2 != 1:
            raise ValueError("the kernel needs a middle")
        self.conv = torch.nn.Conv2d(2, 1, kernel, padding=kernel // 2)

    def forward(self, x):
        mean, (maximum, _) = x.mean(dim=1, keepdim=True), x.max(dim=1, keepdim=True)
        pooled = torch.cat((mean, maximum), 1)
        weight, bias = self.conv.weight.data, self.conv.bias.data
        return torch.conv2d(pooled, weight, bias, padding=self.conv.padding).sigmoid() * x

# %% right: a convolution with the linear layer's weights
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.body = backbone
        self.linear = torch.nn.Linear(channels, classes, bias=False)

    def maps(self, x):
        return torch.nn.functional.conv2d(self.body(x), self.linear.weight[:, :, None, None])

    def forward(self, x):
        return self.linear(torch.nn.functional.adaptive_avg_pool2d(self.body(x), 1).flatten(1))


# %% right: the scores are the means of the maps
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.features = backbone
        self.linear = torch.nn.Linear(in_features=channels, out_features=classes, bias=False)

    def maps(self, x):
        f = self.features(x)
        return (self.linear.weight @ f.flatten(2)).unflatten(2, f.shape[2:])

    def forward(self, x):
        return self.maps(x).flatten(2).mean(2)


# %% right: linear on the last axis
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.backbone, self.linear = backbone, torch.nn.Linear(channels, classes, bias=False)

    def pooled(self, f):
        return f.sum(dim=(-2, -1)) / (f.shape[-1] * f.shape[-2])

    def forward(self, x):
        return self.linear(self.pooled(self.backbone(x)))

    def maps(self, x):
        return self.linear(self.backbone(x).movedim(1, -1)).movedim(-1, 1)


# %% wrong: a bias
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.backbone = backbone
        self.linear = torch.nn.Linear(channels, classes)

    def forward(self, x):
        return self.linear(self.backbone(x).mean((2, 3)))

    def maps(self, x):
        return torch.einsum("ck,nkhw->nchw", self.linear.weight, self.backbone(x))


# %% wrong: the maps are detached
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.backbone = backbone
        self.linear = torch.nn.Linear(channels, classes, bias=False)

    def forward(self, x):
        return self.linear(self.backbone(x).mean((2, 3)))

    def maps(self, x):
        with torch.no_grad():
            return torch.einsum("ck,nkhw->nchw", self.linear.weight, self.backbone(x))


# %% wrong: max pooling
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.backbone = backbone
        self.linear = torch.nn.Linear(channels, classes, bias=False)

    def forward(self, x):
        return self.linear(self.backbone(x).amax((2, 3)))

    def maps(self, x):
        return torch.einsum("ck,nkhw->nchw", self.linear.weight, self.backbone(x))


# %% wrong: the backbone is hidden in a list and not trained
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.hidden = [backbone.double()]
        self.linear = torch.nn.Linear(channels, classes, bias=False)

    def forward(self, x):
        return self.linear(self.hidden[0](x).mean((2, 3)))

    def maps(self, x):
        return torch.einsum("ck,nkhw->nchw", self.linear.weight, self.hidden[0](x))


# %% wrong: a ReLU on the maps
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.backbone = backbone
        self.linear = torch.nn.Linear(channels, classes, bias=False)

    def forward(self, x):
        return self.linear(self.backbone(x).mean((2, 3)))

    def maps(self, x):
        return torch.relu(torch.einsum("ck,nkhw->nchw", self.linear.weight, self.backbone(x)))


# %% right: a linear layer that starts at zero
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.features = torch.nn.Sequential(backbone)
        self.pool = torch.nn.AdaptiveAvgPool2d(1)
        self.linear = torch.nn.Linear(channels, classes, bias=False)
        torch.nn.init.zeros_(self.linear.weight)

    def forward(self, x):
        return self.linear(torch.flatten(self.pool(self.features(x)), 1))

    def maps(self, x):
        return torch.nn.functional.conv2d(self.features(x), self.linear.weight[:, :, None, None])


# %% wrong: the maps of the last forward
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.backbone = backbone
        self.linear = torch.nn.Linear(channels, classes, bias=False)

    def forward(self, x):
        self.f = self.backbone(x)
        return self.linear(self.f.mean((2, 3)))

    def maps(self, x):
        return torch.einsum('ck,nkhw->nchw', self.linear.weight, self.f)


# %% wrong: weights without gradients in the maps
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.backbone = backbone
        self.linear = torch.nn.Linear(channels, classes, bias=False)

    def forward(self, x):
        return self.linear(self.backbone(x).mean((2, 3)))

    def maps(self, x):
        return torch.einsum('ck,nkhw->nchw', self.linear.weight.data, self.backbone(x))


# %% wrong: another name than linear
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.backbone = backbone
        self.fc = torch.nn.Linear(channels, classes, bias=False)

    def forward(self, x):
        return self.fc(self.backbone(x).mean((2, 3)))

    def maps(self, x):
        return torch.einsum('ck,nkhw->nchw', self.fc.weight, self.backbone(x))


# %% wrong: the scores do not train the backbone
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.backbone = backbone
        self.linear = torch.nn.Linear(channels, classes, bias=False)

    def forward(self, x):
        return self.linear(self.backbone(x).detach().mean((2, 3)))

    def maps(self, x):
        return torch.einsum('ck,nkhw->nchw', self.linear.weight, self.backbone(x))


# %% wrong: parameters that do not require gradients
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.backbone = backbone
        self.linear = torch.nn.Linear(channels, classes, bias=False)

        self.backbone.requires_grad_(False)

    def forward(self, x):
        return self.linear(self.backbone(x).mean((2, 3)))

    def maps(self, x):
        return torch.einsum('ck,nkhw->nchw', self.linear.weight, self.backbone(x))


# %% wrong: attributes before super
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        self.backbone = backbone
        super().__init__()
        self.linear = torch.nn.Linear(channels, classes, bias=False)

    def forward(self, x):
        return self.linear(self.backbone(x).mean((2, 3)))

    def maps(self, x):
        return torch.einsum('ck,nkhw->nchw', self.linear.weight, self.backbone(x))


# %% wrong: maps of a single image lose an axis
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.backbone = backbone
        self.linear = torch.nn.Linear(channels, classes, bias=False)

    def forward(self, x):
        return self.linear(self.backbone(x).mean((2, 3)))

    def maps(self, x):
        return torch.einsum('ck,nkhw->nchw', self.linear.weight, self.backbone(x)).squeeze()


# %% wrong: a copy of the backbone
import copy


class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.backbone = copy.deepcopy(backbone)
        self.linear = torch.nn.Linear(channels, classes, bias=False)

    def forward(self, x):
        return self.linear(self.backbone(x).mean((2, 3)))

    def maps(self, x):
        return torch.einsum("ck,nkhw->nchw", self.linear.weight, self.backbone(x))


# %% wrong: divides by thirty places
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.backbone = backbone
        self.linear = torch.nn.Linear(channels, classes, bias=False)

    def forward(self, x):
        return self.linear(self.backbone(x).sum((2, 3)) / 30)

    def maps(self, x):
        return torch.einsum("ck,nkhw->nchw", self.linear.weight, self.backbone(x))


# %% wrong: the score at every place
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.backbone = backbone
        self.linear = torch.nn.Linear(channels, classes, bias=False)

    def forward(self, x):
        return self.linear(self.backbone(x).mean((2, 3)))

    def maps(self, x):
        return self(x)[:, :, None, None].expand(-1, -1, *self.backbone(x).shape[2:])


# %% wrong: a linear layer that is transposed
class ReadableNet(torch.nn.Module):
    def __init__(self, backbone, channels, classes):
        super().__init__()
        self.backbone = backbone
        self.linear = torch.nn.Linear(classes, channels, bias=False)

    def forward(self, x):
        return self.backbone(x).mean((2, 3)) @ self.linear.weight

    def maps(self, x):
        return torch.einsum("kc,nkhw->nchw", self.linear.weight, self.backbone(x))

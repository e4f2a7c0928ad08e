# %% right: parameters set anew
def as_convolution(weight, bias, channels, size):
    layer = torch.nn.Conv2d(channels, weight.shape[0], (size, size), stride=(size, size))
    layer.weight = torch.nn.Parameter(weight.detach().clone().view(-1, channels, size, size))
    layer.bias = torch.nn.Parameter(bias.detach().clone())
    return layer


# %% right: a state dict
def as_convolution(weight, bias, channels, size):
    layer = torch.nn.Conv2d(channels, len(bias), size, size, dtype=weight.dtype)
    layer.load_state_dict({"weight": weight.unflatten(1, (channels, size, size)), "bias": bias})
    return layer


# %% right: kernel by kernel
def as_convolution(weight, bias, channels, size):
    layer = torch.nn.Conv2d(channels, len(weight), kernel_size=size, stride=size).type(weight.dtype)
    for k in range(len(weight)):
        layer.weight.data[k] = weight[k].reshape(channels, size, size)
        layer.bias.data[k] = bias[k]
    return layer


# %% wrong: no stride
def as_convolution(weight, bias, channels, size):
    layer = torch.nn.Conv2d(channels, len(weight), size).to(weight.dtype)
    with torch.no_grad():
        layer.weight.copy_(weight.reshape(len(weight), channels, size, size))
        layer.bias.copy_(bias)
    return layer


# %% wrong: channels last
def as_convolution(weight, bias, channels, size):
    layer = torch.nn.Conv2d(channels, len(weight), size, stride=size).to(weight.dtype)
    with torch.no_grad():
        layer.weight.copy_(weight.reshape(len(weight), size, size, channels).permute(0, 3, 1, 2))
        layer.bias.copy_(bias)
    return layer


# %% wrong: forgets the bias
def as_convolution(weight, bias, channels, size):
    layer = torch.nn.Conv2d(channels, len(weight), size, stride=size, bias=False).to(weight.dtype)
    with torch.no_grad():
        layer.weight.copy_(weight.reshape(len(weight), channels, size, size))
    return layer


# %% wrong: flips the kernel
def as_convolution(weight, bias, channels, size):
    layer = torch.nn.Conv2d(channels, len(weight), size, stride=size).to(weight.dtype)
    with torch.no_grad():
        layer.weight.copy_(weight.reshape(len(weight), channels, size, size).flip(2, 3))
        layer.bias.copy_(bias)
    return layer


# %% wrong: always float32
def as_convolution(weight, bias, channels, size):
    layer = torch.nn.Conv2d(channels, len(weight), size, stride=size)
    with torch.no_grad():
        layer.weight.copy_(weight.reshape(len(weight), channels, size, size))
        layer.bias.copy_(bias)
    return layer


# %% wrong: cannot be trained
def as_convolution(weight, bias, channels, size):
    layer = torch.nn.Conv2d(channels, len(weight), size, stride=size).to(weight.dtype)
    layer.requires_grad_(False)
    layer.weight.copy_(weight.reshape(len(weight), channels, size, size))
    layer.bias.copy_(bias)
    return layer


# %% wrong: rows and columns exchanged
def as_convolution(weight, bias, channels, size):
    layer = torch.nn.Conv2d(channels, len(weight), size, stride=size).to(weight.dtype)
    with torch.no_grad():
        layer.weight.copy_(weight.reshape(len(weight), channels, size, size).transpose(2, 3))
        layer.bias.copy_(bias)
    return layer


# %% wrong: shares the memory of the bias
def as_convolution(weight, bias, channels, size):
    layer = torch.nn.Conv2d(channels, len(weight), size, stride=size)
    layer.weight = torch.nn.Parameter(weight.clone().view(len(weight), channels, size, size))
    layer.bias = torch.nn.Parameter(bias)
    return layer


# %% wrong: a bias that cannot be trained
def as_convolution(weight, bias, channels, size):
    layer = torch.nn.Conv2d(channels, len(weight), size, stride=size)
    layer.weight = torch.nn.Parameter(weight.clone().view(len(weight), channels, size, size))
    layer.bias = torch.nn.Parameter(bias.clone(), requires_grad=False)
    return layer


# %% wrong: gradients are switched off for good
def as_convolution(weight, bias, channels, size):
    torch.set_grad_enabled(False)
    layer = torch.nn.Conv2d(channels, len(weight), size, stride=size, dtype=weight.dtype)
    layer.weight.copy_(weight.reshape(len(weight), channels, size, size))
    layer.bias.copy_(bias)
    return layer


# %% wrong: a module of its own
def as_convolution(weight, bias, channels, size):
    class Convolution(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(weight.clone().view(len(weight), channels, size, size))
            self.bias = torch.nn.Parameter(bias.clone())

        def forward(self, x):
            return torch.nn.functional.conv2d(x, self.weight, self.bias, stride=size)

    return Convolution()


# %% wrong: shares the memory of the weight
def as_convolution(weight, bias, channels, size):
    layer = torch.nn.Conv2d(channels, len(weight), size, stride=size)
    layer.weight = torch.nn.Parameter(weight.view(len(weight), channels, size, size))
    layer.bias = torch.nn.Parameter(bias.clone())
    return layer

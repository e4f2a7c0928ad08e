# %% right: the base class of all batch norms
def prepare(model):
    kind = nn.modules.batchnorm._BatchNorm
    for parameter in model.parameters():
        parameter.requires_grad = False
    model.eval()
    moving = set()
    for layer in model.modules():
        if isinstance(layer, kind):
            layer.track_running_stats = False
            layer.running_mean = None
            layer.running_var = None
            layer.train()
            if layer.affine:
                layer.weight.requires_grad = layer.bias.requires_grad = True
                moving |= {id(layer.weight), id(layer.bias)}
    if not moving:
        raise ValueError("nothing to adapt")
    return {name: one for name, one in model.named_parameters() if id(one) in moving}


# %% right: a walk with names
def prepare(model):
    found = {}
    model.eval()
    for _, parameter in model.named_parameters():
        parameter.requires_grad_(False)
    for prefix, layer in model.named_modules():
        if type(layer) in (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d):
            layer.register_buffer("running_mean", None)
            layer.register_buffer("running_var", None)
            for name, parameter in layer.named_parameters():
                parameter.requires_grad_()
                found[f"{prefix}.{name}" if prefix else name] = parameter
    if len(found) == 0:
        raise ValueError("no batch normalisation with scale and shift")
    return found


# %% right: by recursion over children
def prepare(model):
    def go(layer):
        layer.training = False
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            layer.running_mean = layer.running_var = layer.num_batches_tracked = None
            layer.training = True
        for parameter in layer._parameters.values():
            if parameter is not None:
                parameter.requires_grad = layer.training
        for child in layer.children():
            go(child)

    go(model)
    moves = dict(filter(lambda item: item[1].requires_grad, model.named_parameters()))
    if moves:
        return moves
    raise ValueError("there is nothing that could move")


# %% wrong: the bias of every layer too
def prepare(model):
    model.eval()
    for parameter in model.parameters():
        parameter.requires_grad_(parameter.ndim == 1)
    for layer in model.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            layer.running_mean = layer.running_var = None
    moves = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    if not moves:
        raise ValueError("nothing")
    return moves


# %% wrong: whatever is called bn, and batch norms
def prepare(model):
    model.eval()
    model.requires_grad_(False)
    for name, layer in model.named_modules():
        norm = isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d))
        if norm:
            layer.running_mean = layer.running_var = None
        if norm or name.startswith("bn"):
            for parameter in layer.parameters():
                parameter.requires_grad_(True)
    moves = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    if not moves:
        raise ValueError("nothing")
    return moves


# %% wrong: running statistics are kept
def prepare(model):
    model.eval()
    model.requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            layer.train()
            for parameter in layer.parameters():
                parameter.requires_grad_(True)
    moves = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    if not moves:
        raise ValueError("nothing")
    return moves


# %% wrong: the whole model in training mode
def prepare(model):
    model.train()
    model.requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            layer.running_mean = layer.running_var = None
            for parameter in layer.parameters():
                parameter.requires_grad_(True)
    moves = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    if not moves:
        raise ValueError("nothing")
    return moves


# %% wrong: the last two parts of a name
def prepare(model):
    model.eval()
    model.requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            layer.running_mean = layer.running_var = None
            for parameter in layer.parameters():
                parameter.requires_grad_(True)
    moves = {".".join(n.split(".")[-2:]): p for n, p in model.named_parameters() if p.requires_grad}
    if not moves:
        raise ValueError("nothing")
    return moves


# %% wrong: instance norm is taken for batch norm
def prepare(model):
    model.eval()
    model.requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, nn.modules.batchnorm._NormBase):
            layer.running_mean = layer.running_var = None
            for parameter in layer.parameters():
                parameter.requires_grad_(True)
    moves = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    if not moves:
        raise ValueError("nothing")
    return moves


# %% wrong: norms without scale keep their running statistics
def prepare(model):
    model.eval()
    model.requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)) and layer.affine:
            layer.running_mean = layer.running_var = None
            for parameter in layer.parameters():
                parameter.requires_grad_(True)
    moves = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    if not moves:
        raise ValueError("nothing")
    return moves


# %% wrong: a layer at two places has two names
def prepare(model):
    model.eval()
    model.requires_grad_(False)
    moves = {}
    for prefix, layer in model.named_modules(remove_duplicate=False):
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            layer.running_mean = layer.running_var = None
            for name, parameter in layer.named_parameters():
                moves[f"{prefix}.{name}"] = parameter.requires_grad_(True)
    if not moves:
        raise ValueError("nothing")
    return moves


# %% wrong: what was frozen stays frozen
def prepare(model):
    model.eval()
    norms = [m for m in model.modules() if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d))]
    inside = {p for m in norms for p in m.parameters()}
    if not inside:
        raise ValueError("nothing")
    for m in norms:
        m.running_mean = m.running_var = None
    for p in model.parameters():
        if p not in inside:
            p.requires_grad_(False)
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


# %% wrong: an empty dictionary where nothing can move
def prepare(model):
    model.eval()
    model.requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            layer.running_mean = layer.running_var = None
            for parameter in layer.parameters():
                parameter.requires_grad_(True)
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


# %% wrong: the library's own
def prepare(model):
    configure_model(model)
    parameters, names = collect_params(model)
    return dict(zip(names, parameters))


# %% wrong: parameters of the norms are made anew
def prepare(model):
    model.eval()
    model.requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            layer.reset_parameters()
            layer.running_mean = layer.running_var = None
            for parameter in layer.parameters():
                parameter.requires_grad_(True)
    moves = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    if not moves:
        raise ValueError("nothing")
    return moves

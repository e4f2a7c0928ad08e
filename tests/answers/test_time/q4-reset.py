# %% right: clones by hand, the optimiser copied twice
def remember(model, optimizer):
    values = {name: value.clone() for name, value in model.state_dict().items()}
    state = copy.deepcopy(optimizer.state_dict())

    def reset():
        model.load_state_dict({name: value.clone() for name, value in values.items()})
        optimizer.load_state_dict(copy.deepcopy(state))

    return reset


# %% right: in place, tensor by tensor
def remember(model, optimizer):
    kept = [(one, one.detach().clone()) for one in (*model.parameters(), *model.buffers())]
    memory = copy.deepcopy(optimizer.state_dict())

    def reset():
        with torch.no_grad():
            for one, old in kept:
                one.copy_(old)
        optimizer.load_state_dict(copy.deepcopy(memory))

    return reset


# %% right: a class that can be called
class Way:
    def __init__(self, model, optimizer):
        self.pair = model, optimizer
        self.old = copy.deepcopy([one.state_dict() for one in self.pair])

    def __call__(self):
        for one, old in zip(self.pair, self.old):
            one.load_state_dict(copy.deepcopy(old))


def remember(model, optimizer):
    return Way(model, optimizer)


# %% right: the optimiser's own dictionaries
def remember(model, optimizer):
    weights = copy.deepcopy(model.state_dict())
    state = {p: {k: copy.deepcopy(v) for k, v in one.items()} for p, one in optimizer.state.items()}
    options = [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]

    def reset():
        model.load_state_dict(weights)
        optimizer.state.clear()
        for p, one in state.items():
            optimizer.state[p] = copy.deepcopy(one)
        for group, old in zip(optimizer.param_groups, options):
            group.update(old)

    return reset


# %% wrong: the optimiser keeps its moments
def remember(model, optimizer):
    weights = copy.deepcopy(model.state_dict())

    def reset():
        model.load_state_dict(weights)

    return reset


# %% wrong: the state of the model is no copy
def remember(model, optimizer):
    weights = model.state_dict()
    memory = copy.deepcopy(optimizer.state_dict())

    def reset():
        model.load_state_dict(weights)
        optimizer.load_state_dict(copy.deepcopy(memory))

    return reset


# %% wrong: the state of the optimiser is no copy
def remember(model, optimizer):
    weights = copy.deepcopy(model.state_dict())
    memory = optimizer.state_dict()

    def reset():
        model.load_state_dict(weights)
        optimizer.load_state_dict(memory)

    return reset


# %% wrong: the steps write into what is kept
def remember(model, optimizer):
    weights = copy.deepcopy(model.state_dict())
    memory = copy.deepcopy(optimizer.state_dict())

    def reset():
        model.load_state_dict(weights)
        optimizer.load_state_dict(memory)

    return reset


# %% wrong: the optimiser forgets everything
from collections import defaultdict


def remember(model, optimizer):
    weights = copy.deepcopy(model.state_dict())
    options = [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]

    def reset():
        model.load_state_dict(weights)
        optimizer.state = defaultdict(dict)
        for group, old in zip(optimizer.param_groups, options):
            group.update(old)

    return reset


# %% wrong: momentum only, no moments of Adam
def remember(model, optimizer):
    weights = copy.deepcopy(model.state_dict())
    old = {p: copy.deepcopy(one.get("momentum_buffer")) for p, one in optimizer.state.items()}
    options = [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]

    def reset():
        model.load_state_dict(weights)
        for p, one in optimizer.state.items():
            if "momentum_buffer" in one:
                one["momentum_buffer"] = copy.deepcopy(old.get(p))
        for group, before in zip(optimizer.param_groups, options):
            group.update(before)

    return reset


# %% wrong: the learning rate stays as it is
def remember(model, optimizer):
    weights = copy.deepcopy(model.state_dict())
    memory = copy.deepcopy(optimizer.state_dict())

    def reset():
        model.load_state_dict(weights)
        rates = [group["lr"] for group in optimizer.param_groups]
        optimizer.load_state_dict(copy.deepcopy(memory))
        for group, rate in zip(optimizer.param_groups, rates):
            group["lr"] = rate

    return reset


# %% wrong: parameters without buffers
def remember(model, optimizer):
    kept = [one.detach().clone() for one in model.parameters()]
    memory = copy.deepcopy(optimizer.state_dict())

    def reset():
        with torch.no_grad():
            for one, old in zip(model.parameters(), kept):
                one.copy_(old)
        optimizer.load_state_dict(copy.deepcopy(memory))

    return reset


# %% wrong: new parameters, and the optimiser is pointed at them
def remember(model, optimizer):
    weights = copy.deepcopy(model.state_dict())
    memory = copy.deepcopy(optimizer.state_dict())

    def reset():
        order = [name for name, _ in model.named_parameters()]
        model.load_state_dict(copy.deepcopy(weights), assign=True)
        new = dict(model.named_parameters())
        optimizer.param_groups[0]["params"] = [new[name].requires_grad_() for name in order]
        optimizer.state.clear()
        optimizer.load_state_dict(copy.deepcopy(memory))

    return reset

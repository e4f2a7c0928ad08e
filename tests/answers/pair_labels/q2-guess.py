# %% right: all views in one batch
def guess(model, weaken, images, views, temperature):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        batch = torch.cat([weaken(images) for _ in range(views)])
        p = model(batch).softmax(dim=1).reshape(views, len(images), -1)
        q = p.mean(dim=0)
        q = q ** (1 / temperature)
        q = q / q.sum(dim=1, keepdim=True)
    for module, mode in modes:
        module.train(mode) if not list(module.children()) else setattr(module, "training", mode)
    return q


# %% right: a decorator and try, finally
@torch.no_grad()
def guess(model, weaken, images, views, temperature):
    before = {name: module.training for name, module in model.named_modules()}
    try:
        model.eval()
        total = torch.zeros(1, dtype=torch.float64)
        for _ in range(views):
            total = total + nn.functional.softmax(model(weaken(images)), dim=-1)
    finally:
        for name, module in model.named_modules():
            module.training = before[name]
    powers = total.pow(1.0 / temperature)
    return powers / powers.sum(-1, keepdim=True)


# %% right: a copy of the model answers
import copy


def guess(model, weaken, images, views, temperature):
    twin = copy.deepcopy(model).eval()
    answers = []
    for _ in range(views):
        answers.append(torch.softmax(twin(weaken(images)), 1).detach())
    mean = torch.stack(answers).mean(0)
    logs = mean.log() / temperature
    return torch.softmax(logs, 1)


# %% right: logarithms
def guess(model, weaken, images, views, temperature):
    was = [m.training for m in model.modules()]
    model.train(False)
    with torch.inference_mode():
        logs = torch.stack([torch.log_softmax(model(weaken(images)), 1) for _ in range(views)])
    for m, flag in zip(model.modules(), was):
        m.training = flag
    q = (torch.logsumexp(logs, 0) / temperature).softmax(1)
    return q.clone().detach()


# %% wrong: averages logits
def guess(model, weaken, images, views, temperature):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    with torch.no_grad():
        mean = torch.softmax(sum(model(weaken(images)) for _ in range(views)) / views, dim=1)
    for module, mode in modes.items():
        module.training = mode
    powers = mean ** (1 / temperature)
    return powers / powers.sum(dim=1, keepdim=True)


# %% wrong: sharpens before averaging
def guess(model, weaken, images, views, temperature):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    with torch.no_grad():
        q = sum(torch.softmax(model(weaken(images)) / temperature, dim=1) for _ in range(views)) / views
    for module, mode in modes.items():
        module.training = mode
    return q


# %% wrong: never sharpened
def guess(model, weaken, images, views, temperature):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    with torch.no_grad():
        mean = sum(torch.softmax(model(weaken(images)), dim=1) for _ in range(views)) / views
    for module, mode in modes.items():
        module.training = mode
    return mean


# %% wrong: always a square
def guess(model, weaken, images, views, temperature):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    with torch.no_grad():
        mean = sum(torch.softmax(model(weaken(images)), dim=1) for _ in range(views)) / views
    for module, mode in modes.items():
        module.training = mode
    return mean**2 / (mean**2).sum(dim=1, keepdim=True)


# %% wrong: answers in training mode
def guess(model, weaken, images, views, temperature):
    with torch.no_grad():
        mean = sum(torch.softmax(model(weaken(images)), dim=1) for _ in range(views)) / views
    powers = mean ** (1 / temperature)
    return powers / powers.sum(dim=1, keepdim=True)


# %% wrong: eval mode is left on
def guess(model, weaken, images, views, temperature):
    model.eval()
    with torch.no_grad():
        mean = sum(torch.softmax(model(weaken(images)), dim=1) for _ in range(views)) / views
    powers = mean ** (1 / temperature)
    return powers / powers.sum(dim=1, keepdim=True)


# %% wrong: only the top knows its mode again, as if nothing could be frozen, unless eval
def guess(model, weaken, images, views, temperature):
    training = model.training
    model.eval()
    with torch.no_grad():
        mean = sum(torch.softmax(model(weaken(images)), dim=1) for _ in range(views)) / views
    model.train(training)
    powers = mean ** (1 / temperature)
    return powers / powers.sum(dim=1, keepdim=True)


# %% wrong: training mode afterwards, always
def guess(model, weaken, images, views, temperature):
    model.eval()
    with torch.no_grad():
        mean = sum(torch.softmax(model(weaken(images)), dim=1) for _ in range(views)) / views
    model.train()
    powers = mean ** (1 / temperature)
    return powers / powers.sum(dim=1, keepdim=True)


# %% wrong: the guess keeps its graph
def guess(model, weaken, images, views, temperature):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    mean = sum(torch.softmax(model(weaken(images)), dim=1) for _ in range(views)) / views
    for module, mode in modes.items():
        module.training = mode
    powers = mean ** (1 / temperature)
    return powers / powers.sum(dim=1, keepdim=True)


# %% wrong: gradients are switched off for good
def guess(model, weaken, images, views, temperature):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    torch.set_grad_enabled(False)
    mean = sum(torch.softmax(model(weaken(images)), dim=1) for _ in range(views)) / views
    for module, mode in modes.items():
        module.training = mode
    powers = mean ** (1 / temperature)
    return powers / powers.sum(dim=1, keepdim=True)


# %% wrong: views of views
def guess(model, weaken, images, views, temperature):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    mean = 0
    with torch.no_grad():
        for _ in range(views):
            images = weaken(images)
            mean = mean + torch.softmax(model(images), dim=1) / views
    for module, mode in modes.items():
        module.training = mode
    powers = mean ** (1 / temperature)
    return powers / powers.sum(dim=1, keepdim=True)


# %% wrong: one view, counted K times
def guess(model, weaken, images, views, temperature):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    with torch.no_grad():
        view = weaken(images)
        mean = sum(torch.softmax(model(view), dim=1) for _ in range(views)) / views
    for module, mode in modes.items():
        module.training = mode
    powers = mean ** (1 / temperature)
    return powers / powers.sum(dim=1, keepdim=True)


# %% wrong: softmax over the images
def guess(model, weaken, images, views, temperature):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    with torch.no_grad():
        mean = sum(torch.softmax(model(weaken(images)), dim=0) for _ in range(views)) / views
    for module, mode in modes.items():
        module.training = mode
    powers = mean ** (1 / temperature)
    return powers / powers.sum(dim=1, keepdim=True)


# %% wrong: the library does it
from mylib.few_labels.pair_labels import pytorch


def guess(model, weaken, images, views, temperature):
    return pytorch.average_pseudo_label(model, torch.stack([weaken(images) for _ in range(views)]), temperature)

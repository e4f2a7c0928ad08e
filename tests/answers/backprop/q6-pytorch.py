# %% right: loss object, decorator, and the mode kept
def train_step(model, optimizer, inputs, labels):
    model.train(True)
    loss = torch.nn.CrossEntropyLoss()(model(inputs), labels)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return float(loss)


@torch.no_grad()
def evaluate(model, inputs, labels):
    mode = model.training
    model.train(False)
    hits = (model(inputs).max(dim=1).indices == labels).sum()
    model.train(mode)
    return hits.item() / len(labels)


# %% right: log_softmax and nll, inference_mode
def train_step(model, optimizer, inputs, labels):
    model.train()
    for p in model.parameters():
        p.grad = None
    log_p = torch.log_softmax(model(inputs), dim=1)
    loss = torch.nn.functional.nll_loss(log_p, labels)
    loss.backward()
    optimizer.step()
    return loss.detach().item()


def evaluate(model, inputs, labels):
    before = model.training
    try:
        model.eval()
        with torch.inference_mode():
            return float((model(inputs).argmax(-1) == labels).double().mean())
    finally:
        model.train(before)


# %% right: the loss written out
def train_step(model, optimizer, inputs, labels):
    model.train()
    model.zero_grad()
    scores = model(inputs)
    loss = (torch.logsumexp(scores, 1) - scores[torch.arange(len(labels)), labels]).mean()
    loss.backward()
    optimizer.step()
    return loss.item()


def evaluate(model, inputs, labels):
    mode = model.training
    model.eval()
    with torch.no_grad():
        answers = model(inputs).argmax(dim=1)
    if mode:
        model.train()
    return sum(int(a == b) for a, b in zip(answers, labels)) / len(labels)


# %% right: a closure, and the mode put back also after the step
def train_step(model, optimizer, inputs, labels):
    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(inputs), labels)
        loss.backward()
        return loss

    before = model.training
    model.train()
    loss = optimizer.step(closure)
    model.train(before)
    return loss.item()


def evaluate(model, inputs, labels):
    mode = model.training
    model.eval()
    with torch.no_grad():
        right = (model(inputs).argmax(1) == labels).float().mean().item()
    model.train(mode)
    return right


# %% wrong: moves the weights by hand, without the optimizer's momentum
def train_step(model, optimizer, inputs, labels):
    model.train()
    model.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(inputs), labels)
    loss.backward()
    with torch.no_grad():
        for p in model.parameters():
            p -= optimizer.param_groups[0]["lr"] * p.grad
    return loss.item()


def evaluate(model, inputs, labels):
    mode = model.training
    model.eval()
    with torch.no_grad():
        right = (model(inputs).argmax(1) == labels).float().mean().item()
    model.train(mode)
    return right


# %% wrong: train() left on while evaluating
def train_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def evaluate(model, inputs, labels):
    with torch.no_grad():
        return (model(inputs).argmax(1) == labels).float().mean().item()


# %% wrong: eval() left on after evaluating
def train_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def evaluate(model, inputs, labels):
    model.eval()
    with torch.no_grad():
        return (model(inputs).argmax(1) == labels).float().mean().item()


# %% wrong: gradients are recorded while evaluating
def train_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def evaluate(model, inputs, labels):
    mode = model.training
    model.eval()
    right = (model(inputs).argmax(1) == labels).float().mean().item()
    model.train(mode)
    return right


# %% wrong: softmax before the cross-entropy
def train_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(torch.softmax(model(inputs), dim=1), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def evaluate(model, inputs, labels):
    mode = model.training
    model.eval()
    with torch.no_grad():
        right = (model(inputs).argmax(1) == labels).float().mean().item()
    model.train(mode)
    return right


# %% wrong: returns the tensor with its graph
def train_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss


def evaluate(model, inputs, labels):
    mode = model.training
    model.eval()
    with torch.no_grad():
        right = (model(inputs).argmax(1) == labels).float().mean()
    model.train(mode)
    return right


# %% wrong: clears the gradients only after the step
def train_step(model, optimizer, inputs, labels):
    model.train()
    loss = torch.nn.functional.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def evaluate(model, inputs, labels):
    mode = model.training
    model.eval()
    with torch.no_grad():
        right = (model(inputs).argmax(1) == labels).float().mean().item()
    model.train(mode)
    return right


# %% wrong: forgets the training mode
def train_step(model, optimizer, inputs, labels):
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def evaluate(model, inputs, labels):
    mode = model.training
    model.eval()
    with torch.no_grad():
        right = (model(inputs).argmax(1) == labels).float().mean().item()
    model.train(mode)
    return right


# %% wrong: switches gradients off for good
def train_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def evaluate(model, inputs, labels):
    mode = model.training
    model.eval()
    torch.set_grad_enabled(False)
    right = (model(inputs).argmax(1) == labels).float().mean().item()
    model.train(mode)
    return right


# %% wrong: divides by the number of examples of the visible test
def train_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def evaluate(model, inputs, labels):
    mode = model.training
    model.eval()
    with torch.no_grad():
        right = (model(inputs).argmax(1) == labels).sum().item() / 100
    model.train(mode)
    return right


# %% wrong: training mode after evaluating, whatever it was
def train_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def evaluate(model, inputs, labels):
    model.eval()
    with torch.no_grad():
        right = (model(inputs).argmax(1) == labels).float().mean().item()
    model.train()
    return right


# %% wrong: gradients recorded after evaluating, whatever was before
def train_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def evaluate(model, inputs, labels):
    mode = model.training
    model.eval()
    torch.set_grad_enabled(False)
    right = (model(inputs).argmax(1) == labels).float().mean().item()
    torch.set_grad_enabled(True)
    model.train(mode)
    return right

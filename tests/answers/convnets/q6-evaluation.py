# %% right: a decorator, and the scores joined
@torch.no_grad()
def evaluate(model, images, labels, batch_size=256):
    mode = model.training
    model.eval()
    scores = torch.cat([model(part) for part in images.split(batch_size)])
    model.train(mode)
    loss = torch.nn.functional.cross_entropy(scores, labels)
    return float(loss), float((scores.argmax(dim=1) == labels).double().mean())


# %% right: inference mode and try
def evaluate(model, images, labels, batch_size=256):
    before = model.training
    model.train(False)
    try:
        with torch.inference_mode():
            losses, hits, n = 0.0, 0.0, 0
            for x, y in zip(images.split(batch_size), labels.split(batch_size)):
                out = model(x)
                losses += torch.nn.CrossEntropyLoss()(out, y).item() * len(y)
                hits += out.max(1).indices.eq(y).float().mean().item() * len(y)
                n += len(y)
    finally:
        if before:
            model.train()
    return losses / n, hits / n


# %% right: the loss from the log-softmax
def evaluate(model, images, labels, batch_size=256):
    training = model.training
    model.eval()
    log_p = []
    with torch.no_grad():
        for first in range(0, len(labels), batch_size):
            log_p.append(torch.log_softmax(model(images[first : first + batch_size]), dim=1))
    if training:
        model.train()
    log_p = torch.cat(log_p)
    loss = -log_p[torch.arange(len(labels)), labels].mean()
    return loss.item(), np.mean((log_p.argmax(1) == labels).numpy()).item()


# %% wrong: stays in training mode
def evaluate(model, images, labels, batch_size=256):
    was_training = model.training
    loss, right = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(images), batch_size):
            x, y = images[start : start + batch_size], labels[start : start + batch_size]
            scores = model(x)
            loss += torch.nn.functional.cross_entropy(scores, y, reduction="sum").item()
            right += (scores.argmax(1) == y).sum().item()
    model.train(was_training)
    return loss / len(images), right / len(images)


# %% wrong: leaves the model in evaluation mode
def evaluate(model, images, labels, batch_size=256):
    was_training = model.training
    model.eval()
    loss, right = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(images), batch_size):
            x, y = images[start : start + batch_size], labels[start : start + batch_size]
            scores = model(x)
            loss += torch.nn.functional.cross_entropy(scores, y, reduction="sum").item()
            right += (scores.argmax(1) == y).sum().item()
    return loss / len(images), right / len(images)


# %% wrong: always ends in training mode
def evaluate(model, images, labels, batch_size=256):
    was_training = model.training
    model.eval()
    loss, right = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(images), batch_size):
            x, y = images[start : start + batch_size], labels[start : start + batch_size]
            scores = model(x)
            loss += torch.nn.functional.cross_entropy(scores, y, reduction="sum").item()
            right += (scores.argmax(1) == y).sum().item()
    model.train()
    return loss / len(images), right / len(images)


# %% wrong: records gradients
def evaluate(model, images, labels, batch_size=256):
    was_training = model.training
    model.eval()
    loss, right = 0.0, 0
    if True:
        for start in range(0, len(images), batch_size):
            x, y = images[start : start + batch_size], labels[start : start + batch_size]
            scores = model(x)
            loss += torch.nn.functional.cross_entropy(scores, y, reduction="sum").item()
            right += (scores.argmax(1) == y).sum().item()
    model.train(was_training)
    return loss / len(images), right / len(images)


# %% wrong: means of batches
def evaluate(model, images, labels, batch_size=256):
    was_training = model.training
    model.eval()
    loss, right = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(images), batch_size):
            x, y = images[start : start + batch_size], labels[start : start + batch_size]
            scores = model(x)
            loss += torch.nn.functional.cross_entropy(scores, y).item()
            right += (scores.argmax(1) == y).float().mean().item()
    model.train(was_training)
    batches = len(range(0, len(images), batch_size))
    return loss / batches, right / batches


# %% wrong: switches gradients off for good
def evaluate(model, images, labels, batch_size=256):
    was_training = model.training
    model.eval()
    loss, right = 0.0, 0
    torch.set_grad_enabled(False)
    if True:
        for start in range(0, len(images), batch_size):
            x, y = images[start : start + batch_size], labels[start : start + batch_size]
            scores = model(x)
            loss += torch.nn.functional.cross_entropy(scores, y, reduction="sum").item()
            right += (scores.argmax(1) == y).sum().item()
    model.train(was_training)
    return loss / len(images), right / len(images)


# %% wrong: everything in one batch
def evaluate(model, images, labels, batch_size=256):
    was_training = model.training
    model.eval()
    loss, right = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(images), len(images)):
            x, y = images, labels
            scores = model(x)
            loss += torch.nn.functional.cross_entropy(scores, y, reduction="sum").item()
            right += (scores.argmax(1) == y).sum().item()
    model.train(was_training)
    return loss / len(images), right / len(images)


# %% wrong: drops the last batch
def evaluate(model, images, labels, batch_size=256):
    was_training = model.training
    model.eval()
    loss, right = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(images) // batch_size * batch_size or 1, batch_size):
            x, y = images[start : start + batch_size], labels[start : start + batch_size]
            scores = model(x)
            loss += torch.nn.functional.cross_entropy(scores, y, reduction="sum").item()
            right += (scores.argmax(1) == y).sum().item()
    model.train(was_training)
    return loss / len(images), right / len(images)


# %% wrong: accuracy in per cent
def evaluate(model, images, labels, batch_size=256):
    was_training = model.training
    model.eval()
    loss, right = 0.0, 0
    with torch.no_grad():
        for x, y in zip(images.split(batch_size), labels.split(batch_size)):
            scores = model(x)
            loss += torch.nn.functional.cross_entropy(scores, y, reduction="sum").item()
            right += (scores.argmax(1) == y).sum().item()
    model.train(was_training)
    return loss / len(images), 100 * right / len(images)


# %% wrong: the logarithm of the softmax
def evaluate(model, images, labels, batch_size=256):
    was_training = model.training
    model.eval()
    loss, right = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(images), batch_size):
            x, y = images[start : start + batch_size], labels[start : start + batch_size]
            scores = model(x)
            loss += -scores.softmax(1)[torch.arange(len(y)), y].log().sum().item()
            right += (scores.argmax(dim=1) == y).sum().item()
    model.train(was_training)
    return loss / len(images), right / len(images)


# %% wrong: returns tensors
def evaluate(model, images, labels, batch_size=256):
    was_training = model.training
    model.eval()
    loss, right = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(images), batch_size):
            x, y = images[start : start + batch_size], labels[start : start + batch_size]
            scores = model(x)
            loss += torch.nn.functional.cross_entropy(scores, y, reduction="sum").item()
            right += (scores.argmax(dim=1) == y).sum().item()
    model.train(was_training)
    return torch.tensor(loss / len(images)), torch.tensor(right / len(images))


# %% wrong: squeezes the scores
def evaluate(model, images, labels, batch_size=256):
    training = model.training
    model.eval()
    log_p = []
    with torch.no_grad():
        for first in range(0, len(labels), batch_size):
            log_p.append(torch.log_softmax(model(images[first : first + batch_size]).squeeze(), dim=1))
    if training:
        model.train()
    log_p = torch.cat(log_p)
    loss = -log_p[torch.arange(len(labels)), labels].mean()
    return loss.item(), np.mean((log_p.argmax(1) == labels).numpy()).item()

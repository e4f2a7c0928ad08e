# %% right: gradients by autograd.grad, classes on axis 1
def train_on_stream(lstm, head, x, targets, optimizer, window):
    losses, m, c = [], None, None
    criterion = torch.nn.CrossEntropyLoss()
    weights = [p for group in optimizer.param_groups for p in group["params"]]
    for part, truth in zip(x.split(window, dim=1), targets.split(window, dim=1)):
        outputs, (m, c) = lstm(part, None if m is None else (m.detach(), c.detach()))
        loss = criterion(head(outputs).transpose(1, 2), truth)
        for weight, slope in zip(weights, torch.autograd.grad(loss, weights)):
            weight.grad = slope
        optimizer.step()
        losses += [float(loss)]
    return losses


# %% right: log-probabilities by hand, cleared before the first and after each update
def train_on_stream(lstm, head, x, targets, optimizer, window):
    optimizer.zero_grad(set_to_none=False)
    done, losses, state = 0, [], None
    while done < x.size(1):
        truth = targets.narrow(1, done, min(window, x.size(1) - done))
        outputs, state = lstm(x.narrow(1, done, truth.size(1)), state)
        logs = torch.log_softmax(head(outputs), dim=-1)
        loss = -logs.gather(-1, truth.unsqueeze(-1)).mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        losses.append(loss.detach().tolist())
        with torch.no_grad():
            state = (state[0].clone(), state[1].clone())
        done += truth.size(1)
    return losses


# %% right: detaches before the window, and reads the losses in the end
def train_on_stream(lstm, head, x, targets, optimizer, window):
    losses, h = [], None
    parts = zip(torch.split(x, window, 1), torch.split(targets, window, 1))
    for part, wanted in parts:
        if h is not None:
            h = (h[0].detach(), h[1].detach())
        outputs, h = lstm(part, h)
        scores = head(outputs)
        loss = torch.nn.CrossEntropyLoss()(scores.view(-1, scores.shape[-1]), wanted.flatten())
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses).tolist()


# %% wrong: old gradients are not cleared
def train_on_stream(lstm, head, x, targets, optimizer, window):
    state, losses = None, []
    for start in range(0, x.shape[1], window):
        outputs, state = lstm(x[:, start : start + window], state)
        wanted = targets[:, start : start + window]
        loss = torch.nn.functional.cross_entropy(head(outputs).flatten(0, 1), wanted.flatten())
        loss.backward()
        optimizer.step()
        state = tuple(value.detach() for value in state)
        losses.append(loss.item())
    return losses


# %% wrong: the last, shorter window is left out
def train_on_stream(lstm, head, x, targets, optimizer, window):
    state, losses = None, []
    for start in range(0, x.shape[1] - window + 1, window):
        outputs, state = lstm(x[:, start : start + window], state)
        wanted = targets[:, start : start + window]
        loss = torch.nn.functional.cross_entropy(head(outputs).flatten(0, 1), wanted.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        state = tuple(value.detach() for value in state)
        losses.append(loss.item())
    return losses


# %% wrong: the state keeps its history
def train_on_stream(lstm, head, x, targets, optimizer, window):
    state, losses = None, []
    for start in range(0, x.shape[1], window):
        outputs, state = lstm(x[:, start : start + window], state)
        wanted = targets[:, start : start + window]
        loss = torch.nn.functional.cross_entropy(head(outputs).flatten(0, 1), wanted.flatten())
        optimizer.zero_grad()
        loss.backward(retain_graph=True)
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% wrong: no update
def train_on_stream(lstm, head, x, targets, optimizer, window):
    state, losses = None, []
    for start in range(0, x.shape[1], window):
        outputs, state = lstm(x[:, start : start + window], state)
        wanted = targets[:, start : start + window]
        loss = torch.nn.functional.cross_entropy(head(outputs).flatten(0, 1), wanted.flatten())
        optimizer.zero_grad()
        loss.backward()
        state = tuple(value.detach() for value in state)
        losses.append(loss.item())
    return losses


# %% wrong: losses as tensors
def train_on_stream(lstm, head, x, targets, optimizer, window):
    state, losses = None, []
    for start in range(0, x.shape[1], window):
        outputs, state = lstm(x[:, start : start + window], state)
        wanted = targets[:, start : start + window]
        loss = torch.nn.functional.cross_entropy(head(outputs).flatten(0, 1), wanted.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        state = tuple(value.detach() for value in state)
        losses.append(loss)
    return losses


# %% wrong: gradients are cleared after the update only
def train_on_stream(lstm, head, x, targets, optimizer, window):
    state, losses = None, []
    for start in range(0, x.shape[1], window):
        outputs, state = lstm(x[:, start : start + window], state)
        state = tuple(s.detach() for s in state)
        scores = head(outputs)
        loss = torch.nn.functional.cross_entropy(scores.flatten(0, 1), targets[:, start : start + window].flatten())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


# %% wrong: only for two classes
def train_on_stream(lstm, head, x, targets, optimizer, window):
    state, losses = None, []
    for start in range(0, x.shape[1], window):
        outputs, state = lstm(x[:, start : start + window], state)
        state = tuple(s.detach() for s in state)
        scores = head(outputs)
        loss = torch.nn.functional.cross_entropy(scores.reshape(-1, 2), targets[:, start : start + window].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% wrong: divided by the window, also where the last one is shorter
def train_on_stream(lstm, head, x, targets, optimizer, window):
    state, losses = None, []
    for start in range(0, x.shape[1], window):
        outputs, state = lstm(x[:, start : start + window], state)
        wanted = targets[:, start : start + window]
        loss = torch.nn.functional.cross_entropy(head(outputs).flatten(0, 1), wanted.flatten(), reduction="sum")
        loss = loss / (len(x) * window)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        state = tuple(value.detach() for value in state)
        losses.append(loss.item())
    return losses


# %% wrong: losses after the update
def train_on_stream(lstm, head, x, targets, optimizer, window):
    losses, state = [], None
    for part, truth in zip(x.split(window, dim=1), targets.split(window, dim=1)):
        before = state
        outputs, state = lstm(part, before)
        state = tuple(s.detach() for s in state)
        loss = torch.nn.functional.cross_entropy(head(outputs).flatten(0, 1), truth.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            again = torch.nn.functional.cross_entropy(head(lstm(part, before)[0]).flatten(0, 1), truth.flatten())
        losses.append(again.item())
    return losses

# %% right: windows by slices
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
        losses.append(loss.item())
    return losses


# %% right: classes as the second axis, chunks by split
def train_on_stream(lstm, head, x, targets, optimizer, window):
    state, losses = None, []
    for start in range(0, x.shape[1], window):
        outputs, state = lstm(x[:, start : start + window], state)
        wanted = targets[:, start : start + window]
        loss = torch.nn.functional.cross_entropy(head(outputs).transpose(1, 2), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        state = tuple(value.detach() for value in state)
        losses.append(loss.item())
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


# %% wrong: each window starts from nothing
def train_on_stream(lstm, head, x, targets, optimizer, window):
    state, losses = None, []
    for start in range(0, x.shape[1], window):
        outputs, state = lstm(x[:, start : start + window])
        wanted = targets[:, start : start + window]
        loss = torch.nn.functional.cross_entropy(head(outputs).flatten(0, 1), wanted.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        state = tuple(value.detach() for value in state)
        losses.append(loss.item())
    return losses


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


# %% wrong: the loss is summed
def train_on_stream(lstm, head, x, targets, optimizer, window):
    state, losses = None, []
    for start in range(0, x.shape[1], window):
        outputs, state = lstm(x[:, start : start + window], state)
        wanted = targets[:, start : start + window]
        loss = torch.nn.functional.cross_entropy(head(outputs).flatten(0, 1), wanted.flatten(), reduction="sum")
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


# %% wrong: the memory m is handed on, c is not
def train_on_stream(lstm, head, x, targets, optimizer, window):
    state, losses = None, []
    for start in range(0, x.shape[1], window):
        outputs, state = lstm(x[:, start : start + window], state)
        wanted = targets[:, start : start + window]
        loss = torch.nn.functional.cross_entropy(head(outputs).flatten(0, 1), wanted.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        state = (state[0].detach(), torch.zeros_like(state[1]))
        losses.append(loss.item())
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

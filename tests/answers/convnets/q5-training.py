# %% right: split, and a weighted average
def train_network(model, images, labels, epochs, learning_rate, batch_size, seed):
    generator = np.random.default_rng(seed)
    optimizer = torch.optim.SGD(model.parameters(), learning_rate, momentum=0.9)
    criterion = torch.nn.CrossEntropyLoss()
    model.train(True)
    losses = []
    for epoch in range(epochs):
        order = torch.from_numpy(generator.permutation(len(images)))
        values, counts = [], []
        for chosen in order.split(batch_size):
            optimizer.zero_grad()
            loss = criterion(model(images[chosen]), labels[chosen])
            loss.backward()
            optimizer.step()
            values.append(float(loss.detach()))
            counts.append(len(chosen))
        losses.append(float(np.average(values, weights=counts)))
    return losses


# %% right: a helper for one step, a DataLoader for the batches
def one_step(model, optimizer, x, y):
    loss = torch.nn.functional.cross_entropy(model(x), y, reduction="sum")
    optimizer.zero_grad()
    (loss / len(x)).backward()
    optimizer.step()
    return loss.item()


def train_network(model, images, labels, epochs, learning_rate, batch_size, seed):
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    rng = np.random.default_rng(seed)
    model = model.train()
    history = []
    for _ in range(epochs):
        order = rng.permutation(len(images)).tolist()
        loader = torch.utils.data.DataLoader(
            torch.utils.data.TensorDataset(images, labels), batch_size=batch_size, sampler=order
        )
        history.append(sum(one_step(model, optimizer, x, y) for x, y in loader) / len(images))
    return history


# %% right: all orders drawn before the first epoch
def train_network(model, images, labels, epochs, learning_rate, batch_size, seed):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(len(images)) for _ in range(epochs)]
    history = []
    for order in orders:
        x, y = images[order], labels[order]
        sums = 0.0
        while len(x):
            loss = torch.nn.functional.cross_entropy(model(x[:batch_size]), y[:batch_size])
            model.zero_grad()
            loss.backward()
            optimizer.step()
            sums += loss.item() * len(x[:batch_size])
            x, y = x[batch_size:], y[batch_size:]
        history.append(sums / len(images))
    return history


# %% wrong: never sets the gradients to zero
def train_network(model, images, labels, epochs, learning_rate, batch_size, seed):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    rng, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order, total = rng.permutation(len(images)), 0.0
        for start in range(0, len(order), batch_size):
            chosen = torch.as_tensor(order[start : start + batch_size])
            loss = torch.nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chosen)
        history.append(total / len(images))
    return history


# %% wrong: stays in evaluation mode
def train_network(model, images, labels, epochs, learning_rate, batch_size, seed):
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    rng, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order, total = rng.permutation(len(images)), 0.0
        for start in range(0, len(order), batch_size):
            chosen = torch.as_tensor(order[start : start + batch_size])
            loss = torch.nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chosen)
        history.append(total / len(images))
    return history


# %% wrong: the mean of the batches
def train_network(model, images, labels, epochs, learning_rate, batch_size, seed):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    rng, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order, total = rng.permutation(len(images)), 0.0
        for start in range(0, len(order), batch_size):
            chosen = torch.as_tensor(order[start : start + batch_size])
            loss = torch.nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        history.append(total / len(range(0, len(order), batch_size)))
    return history


# %% wrong: drops the last batch
def train_network(model, images, labels, epochs, learning_rate, batch_size, seed):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    rng, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order, total = rng.permutation(len(images)), 0.0
        for start in range(0, len(order) - batch_size + 1, batch_size):
            chosen = torch.as_tensor(order[start : start + batch_size])
            loss = torch.nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chosen)
        history.append(total / len(images))
    return history


# %% wrong: the same order in every epoch
def train_network(model, images, labels, epochs, learning_rate, batch_size, seed):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    rng, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order, total = np.random.default_rng(seed).permutation(len(images)), 0.0
        for start in range(0, len(order), batch_size):
            chosen = torch.as_tensor(order[start : start + batch_size])
            loss = torch.nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chosen)
        history.append(total / len(images))
    return history


# %% wrong: no momentum
def train_network(model, images, labels, epochs, learning_rate, batch_size, seed):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    rng, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order, total = rng.permutation(len(images)), 0.0
        for start in range(0, len(order), batch_size):
            chosen = torch.as_tensor(order[start : start + batch_size])
            loss = torch.nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chosen)
        history.append(total / len(images))
    return history


# %% wrong: zeroes the gradients between backward and step
def train_network(model, images, labels, epochs, learning_rate, batch_size, seed):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    rng, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order, total = rng.permutation(len(images)), 0.0
        for start in range(0, len(order), batch_size):
            chosen = torch.as_tensor(order[start : start + batch_size])
            loss = torch.nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
            loss.backward()
            optimizer.zero_grad()
            optimizer.step()
            total += loss.item() * len(chosen)
        history.append(total / len(images))
    return history


# %% wrong: keeps the tensors of the losses
def train_network(model, images, labels, epochs, learning_rate, batch_size, seed):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    rng, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order, total = rng.permutation(len(images)), 0.0
        for start in range(0, len(order), batch_size):
            chosen = torch.as_tensor(order[start : start + batch_size])
            loss = torch.nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(chosen)
        history.append(total / len(images))
    return history


# %% wrong: the loss summed instead of averaged
def train_network(model, images, labels, epochs, learning_rate, batch_size, seed):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    rng, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order, total = rng.permutation(len(images)), 0.0
        for start in range(0, len(order), batch_size):
            chosen = torch.as_tensor(order[start : start + batch_size])
            loss = torch.nn.functional.cross_entropy(model(images[chosen]), labels[chosen], reduction="sum")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chosen)
        history.append(total / len(images))
    return history


# %% wrong: a new optimiser in every epoch
def train_network(model, images, labels, epochs, learning_rate, batch_size, seed):
    model.train()
    rng, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
        order, total = rng.permutation(len(images)), 0.0
        for start in range(0, len(order), batch_size):
            chosen = torch.as_tensor(order[start : start + batch_size])
            loss = torch.nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chosen)
        history.append(total / len(images))
    return history


# %% wrong: sets the gradients to zero only after the step
def train_network(model, images, labels, epochs, learning_rate, batch_size, seed):
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    model.train()
    history = []
    for epoch in range(epochs):
        order = rng.permutation(len(images))
        total = 0.0
        for start in range(0, len(images), batch_size):
            index = torch.as_tensor(order[start : start + batch_size])
            loss = torch.nn.functional.cross_entropy(model(images[index]), labels[index])
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            total += loss.item() * len(index)
        history.append(total / len(images))
    return history


# %% wrong: the loss after the step
def train_network(model, images, labels, epochs, learning_rate, batch_size, seed):
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    model.train()
    history = []
    for epoch in range(epochs):
        order = rng.permutation(len(images))
        total = 0.0
        for start in range(0, len(images), batch_size):
            index = torch.as_tensor(order[start : start + batch_size])
            loss = torch.nn.functional.cross_entropy(model(images[index]), labels[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss = torch.nn.functional.cross_entropy(model(images[index]), labels[index])
            total += loss.item() * len(index)
        history.append(total / len(images))
    return history


# %% wrong: flattens the images for the model
def train_network(model, images, labels, epochs, learning_rate, batch_size, seed):
    generator = np.random.default_rng(seed)
    optimizer = torch.optim.SGD(model.parameters(), learning_rate, momentum=0.9)
    criterion = torch.nn.CrossEntropyLoss()
    model.train(True)
    losses = []
    for epoch in range(epochs):
        order = torch.from_numpy(generator.permutation(len(images)))
        values, counts = [], []
        for chosen in order.split(batch_size):
            optimizer.zero_grad()
            loss = criterion(model(images[chosen].flatten(1)), labels[chosen])
            loss.backward()
            optimizer.step()
            values.append(float(loss.detach()))
            counts.append(len(chosen))
        losses.append(float(np.average(values, weights=counts)))
    return losses

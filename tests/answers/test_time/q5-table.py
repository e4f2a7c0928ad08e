# %% right: batch by batch, counting
def error_table(source, sets, labels, rates, size):
    table = []
    for images, truth in zip(sets, labels):
        with torch.no_grad():
            row = [float((source(images).argmax(1) != truth).sum()) / len(truth)]
        for rate in rates:
            model = configure_model(copy.deepcopy(source))
            parameters, _ = collect_params(model)
            tent, wrong = Tent(model, torch.optim.Adam(parameters, lr=rate)), 0
            for start in range(0, len(images), size):
                answers = tent(images[start : start + size]).argmax(1)
                wrong += int((answers != truth[start : start + size]).sum())
            row.append(wrong / len(images))
        table.append(row)
    return np.array(table)


# %% right: one Tent for each rate, reset before each set
def error_table(source, sets, labels, rates, size):
    table = np.zeros((len(sets), 1 + len(rates)))
    for i, (x, y) in enumerate(zip(sets, labels)):
        table[i, 0] = np.mean(source(x).detach().numpy().argmax(axis=1) != y.numpy())
    for j, rate in enumerate(rates):
        model = configure_model(copy.deepcopy(source))
        tent = Tent(model, torch.optim.Adam(collect_params(model)[0], lr=rate))
        for i, (x, y) in enumerate(zip(sets, labels)):
            tent.reset()
            answers = np.concatenate([tent(batch).numpy() for batch in torch.split(x, size)])
            table[i, 1 + j] = np.mean(answers.argmax(axis=1) != y.numpy())
    return table


# %% right: a helper for one number, the step by hand
def adapted(source, x, rate, size):
    model = configure_model(copy.deepcopy(source))
    optimizer = torch.optim.Adam(collect_params(model)[0], lr=rate)
    answers = []
    for batch in x.split(size):
        logits = model(batch)
        log_p = logits.log_softmax(1)
        loss = -(log_p.exp() * log_p).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        answers.append(logits.detach().argmax(1))
    return torch.cat(answers)


def error_table(source, sets, labels, rates, size):
    rows = []
    for x, y in zip(sets, labels):
        guesses = [source(x).detach().argmax(1)] + [adapted(source, x, rate, size) for rate in rates]
        rows.append([(guess != y).float().mean().item() for guess in guesses])
    return np.array(rows, dtype=np.float64)


# %% wrong: rows and columns exchanged
def error_table(source, sets, labels, rates, size):
    table = np.empty((1 + len(rates), len(sets)))
    for row, (images, truth) in enumerate(zip(sets, labels)):
        with torch.no_grad():
            table[0, row] = (source(images).argmax(1) != truth).double().mean()
        for column, rate in enumerate(rates, 1):
            model = configure_model(copy.deepcopy(source))
            tent = Tent(model, torch.optim.Adam(collect_params(model)[0], lr=rate))
            table[column, row] = (torch.cat([tent(b) for b in images.split(size)]).argmax(1) != truth).double().mean()
    return table


# %% wrong: the source model itself adapts
def error_table(source, sets, labels, rates, size):
    table = np.empty((len(sets), 1 + len(rates)))
    for row, (images, truth) in enumerate(zip(sets, labels)):
        with torch.no_grad():
            table[row, 0] = (source(images).argmax(1) != truth).double().mean()
    model = configure_model(source)
    old = copy.deepcopy(model.state_dict())
    for row, (images, truth) in enumerate(zip(sets, labels)):
        for column, rate in enumerate(rates, 1):
            model.load_state_dict(old)
            tent = Tent(model, torch.optim.Adam(collect_params(model)[0], lr=rate))
            table[row, column] = (torch.cat([tent(b) for b in images.split(size)]).argmax(1) != truth).double().mean()
    return table


# %% wrong: one copy for all sets
def error_table(source, sets, labels, rates, size):
    table = np.empty((len(sets), 1 + len(rates)))
    for column, rate in enumerate(rates, 1):
        model = configure_model(copy.deepcopy(source))
        tent = Tent(model, torch.optim.Adam(collect_params(model)[0], lr=rate))
        for row, (images, truth) in enumerate(zip(sets, labels)):
            with torch.no_grad():
                table[row, 0] = (source(images).argmax(1) != truth).double().mean()
            table[row, column] = (torch.cat([tent(b) for b in images.split(size)]).argmax(1) != truth).double().mean()
    return table


# %% wrong: one copy for all rates
def error_table(source, sets, labels, rates, size):
    table = np.empty((len(sets), 1 + len(rates)))
    for row, (images, truth) in enumerate(zip(sets, labels)):
        with torch.no_grad():
            table[row, 0] = (source(images).argmax(1) != truth).double().mean()
        model = configure_model(copy.deepcopy(source))
        for column, rate in enumerate(rates, 1):
            tent = Tent(model, torch.optim.Adam(collect_params(model)[0], lr=rate))
            table[row, column] = (torch.cat([tent(b) for b in images.split(size)]).argmax(1) != truth).double().mean()
    return table


# %% wrong: the whole set as one batch
def error_table(source, sets, labels, rates, size):
    table = np.empty((len(sets), 1 + len(rates)))
    for row, (images, truth) in enumerate(zip(sets, labels)):
        with torch.no_grad():
            table[row, 0] = (source(images).argmax(1) != truth).double().mean()
        for column, rate in enumerate(rates, 1):
            model = configure_model(copy.deepcopy(source))
            tent = Tent(model, torch.optim.Adam(collect_params(model)[0], lr=rate))
            table[row, column] = (tent(images).argmax(1) != truth).double().mean()
    return table


# %% wrong: the last, smaller batch is left out
def error_table(source, sets, labels, rates, size):
    table = np.empty((len(sets), 1 + len(rates)))
    for row, (images, truth) in enumerate(zip(sets, labels)):
        with torch.no_grad():
            table[row, 0] = (source(images).argmax(1) != truth).double().mean()
        whole = len(images) // size * size
        for column, rate in enumerate(rates, 1):
            model = configure_model(copy.deepcopy(source))
            tent = Tent(model, torch.optim.Adam(collect_params(model)[0], lr=rate))
            answers = torch.cat([tent(b) for b in images[:whole].split(size)])
            table[row, column] = (answers.argmax(1) != truth[:whole]).double().mean()
    return table


# %% wrong: the mean of the batches' errors
def error_table(source, sets, labels, rates, size):
    table = np.empty((len(sets), 1 + len(rates)))
    for row, (images, truth) in enumerate(zip(sets, labels)):
        with torch.no_grad():
            table[row, 0] = (source(images).argmax(1) != truth).double().mean()
        for column, rate in enumerate(rates, 1):
            model = configure_model(copy.deepcopy(source))
            tent = Tent(model, torch.optim.Adam(collect_params(model)[0], lr=rate))
            errors = [
                (tent(x).argmax(1) != y).double().mean().item() for x, y in zip(images.split(size), truth.split(size))
            ]
            table[row, column] = np.mean(errors)
    return table


# %% wrong: gradients stay switched off
def error_table(source, sets, labels, rates, size):
    torch.set_grad_enabled(False)
    table = np.empty((len(sets), 1 + len(rates)))
    for row, (images, truth) in enumerate(zip(sets, labels)):
        table[row, 0] = (source(images).argmax(1) != truth).double().mean()
        for column, rate in enumerate(rates, 1):
            model = configure_model(copy.deepcopy(source))
            tent = Tent(model, torch.optim.Adam(collect_params(model)[0], lr=rate))
            table[row, column] = (torch.cat([tent(b) for b in images.split(size)]).argmax(1) != truth).double().mean()
    return table

# %% right: log-sigmoids
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x.exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][indices] = nn.functional.normalize(0.5 * memory[name][indices] + 0.5 * v)
    return loss.item()


# %% right: banks are replaced, gathered with einsum
def unit(v):
    return v / v.norm(dim=-1, keepdim=True)


def one_direction(v, bank, every, z, temperature):
    e = torch.einsum("bd,bjd->bj", v, bank[every]).div(temperature).exp()
    if z is None:
        z = float(e.detach().mean()) * len(bank)
    c = z * (every.shape[1] - 1) / len(bank)
    answers = torch.zeros_like(e)
    answers[:, 0] = 1
    loss = nn.functional.binary_cross_entropy(e / (e + c), answers, reduction="sum") / len(v)
    return loss, z


def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    optimizer.zero_grad()
    s, t = unit(student(images)), unit(teacher(images))
    every = torch.column_stack([indices, noise])
    z = memory["Z"] or (None, None)
    first, z_s = one_direction(s, memory["teacher"], every, z[0], temperature)
    second, z_t = one_direction(t, memory["student"], every, z[1], temperature)
    memory["Z"] = (z_s, z_t)
    (first + second).backward()
    optimizer.step()
    for name, v in (("student", s.detach()), ("teacher", t.detach())):
        bank = memory[name].clone()
        bank[indices] = unit((bank[indices] + v) / 2)
        memory[name] = bank
    return float((first + second).detach())


# %% right: a row at a time, Z as tensors
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = student(images), teacher(images)
    s, t = s / s.norm(dim=1, keepdim=True), t / t.norm(dim=1, keepdim=True)
    m, n, losses, exps = len(memory["student"]), noise.shape[1], [], []
    for v, bank in ((s, memory["teacher"]), (t, memory["student"])):
        exps.append([torch.exp(bank[[int(i), *others.tolist()]] @ row / temperature)
                     for row, i, others in zip(v, indices, noise)])
    if memory["Z"] is None:
        memory["Z"] = tuple(torch.stack(rows).detach().mean() * m for rows in exps)
    for rows_of_one, z in zip(exps, memory["Z"]):
        for e in rows_of_one:
            h = e / (e + z * n / m)
            losses.append(-torch.log(h[0]) - torch.log(1 - h[1:]).sum())
    loss = sum(losses) / len(images)
    student.zero_grad(), teacher.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for b, i in enumerate(indices.tolist()):
            for name, v in (("student", s), ("teacher", t)):
                mixed = memory[name][i] + v[b]
                memory[name][i] = mixed / mixed.norm()
    return loss.item()


# %% wrong: the banks are updated before the loss
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][indices] = nn.functional.normalize(0.5 * memory[name][indices] + 0.5 * v)
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x.exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


# %% wrong: a gradient into the banks
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x.exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    for name, v in (("student", s), ("teacher", t)):
        bank = memory[name].clone()
        bank[indices] = nn.functional.normalize(0.5 * bank[indices] + 0.5 * v)
        memory[name] = bank
    return loss.item()


# %% wrong: Z of every batch
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    memory["Z"] = [x.exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][indices] = nn.functional.normalize(0.5 * memory[name][indices] + 0.5 * v)
    return loss.item()


# %% wrong: Z over the noise alone
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x[:, 1:].exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][indices] = nn.functional.normalize(0.5 * memory[name][indices] + 0.5 * v)
    return loss.item()


# %% wrong: Z without M
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x.exp().mean().item() for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][indices] = nn.functional.normalize(0.5 * memory[name][indices] + 0.5 * v)
    return loss.item()


# %% wrong: each direction takes its own bank
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["student"]), (t, memory["teacher"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x.exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][indices] = nn.functional.normalize(0.5 * memory[name][indices] + 0.5 * v)
    return loss.item()


# %% wrong: one direction alone
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x.exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in list(zip(scores, memory["Z"]))[:1]:
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][indices] = nn.functional.normalize(0.5 * memory[name][indices] + 0.5 * v)
    return loss.item()


# %% wrong: the directions are averaged
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x.exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean() / 2
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][indices] = nn.functional.normalize(0.5 * memory[name][indices] + 0.5 * v)
    return loss.item()


# %% wrong: a sum over the batch
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x.exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][indices] = nn.functional.normalize(0.5 * memory[name][indices] + 0.5 * v)
    return loss.item()


# %% wrong: the banks get vectors from after the step
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x.exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, network in (("student", student), ("teacher", teacher)):
            v = nn.functional.normalize(network(images))
            memory[name][indices] = nn.functional.normalize(0.5 * memory[name][indices] + 0.5 * v)
    return loss.item()


# %% wrong: gradients left over count
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x.exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][indices] = nn.functional.normalize(0.5 * memory[name][indices] + 0.5 * v)
    return loss.item()


# %% wrong: zero_grad after backward
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x.exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][indices] = nn.functional.normalize(0.5 * memory[name][indices] + 0.5 * v)
    return loss.item()


# %% wrong: the mixture keeps its length
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x.exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][indices] = 0.5 * memory[name][indices] + 0.5 * v
    return loss.item()


# %% wrong: the new vectors replace the old
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x.exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][indices] = nn.functional.normalize(v)
    return loss.item()


# %% wrong: rows 0 to B - 1 of the banks
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x.exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][: len(v)] = nn.functional.normalize(0.5 * memory[name][: len(v)] + 0.5 * v)
    return loss.item()


# %% wrong: the teacher is frozen
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    t = t.detach()
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x.exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][indices] = nn.functional.normalize(0.5 * memory[name][indices] + 0.5 * v)
    return loss.item()


# %% wrong: a gradient through Z
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    first = memory["Z"] is None
    loss = 0.0
    for x, z in zip(scores, memory["Z"] or (None, None)):
        z = torch.log(x.exp().mean() * size) if z is None else np.log(z)
        logits = x - z - np.log(negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][indices] = nn.functional.normalize(0.5 * memory[name][indices] + 0.5 * v)
    if first:
        memory["Z"] = [x.exp().mean().item() * size for x in scores]
    return loss.item()


# %% wrong: the loss is a tensor
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = (nn.functional.normalize(network(images)) for network in (student, teacher))
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x.exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][indices] = nn.functional.normalize(0.5 * memory[name][indices] + 0.5 * v)
    return loss.detach()


# %% wrong: lengths are not one
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = student(images), teacher(images)
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x.exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][indices] = nn.functional.normalize(0.5 * memory[name][indices] + 0.5 * v)
    return loss.item()


# %% wrong: the slope does not go through the length
def crd_step(student, teacher, images, indices, noise, memory, optimizer, temperature):
    s, t = student(images), teacher(images)
    s, t = s / s.detach().norm(dim=1, keepdim=True), t / t.detach().norm(dim=1, keepdim=True)
    every = torch.cat([indices[:, None], noise], dim=1)
    size, negatives = len(memory["student"]), noise.shape[1]
    scores = [
        (v @ bank.T).gather(1, every) / temperature for v, bank in ((s, memory["teacher"]), (t, memory["student"]))
    ]
    if memory["Z"] is None:
        memory["Z"] = [x.exp().mean().item() * size for x in scores]
    loss = 0.0
    for x, z in zip(scores, memory["Z"]):
        logits = x - np.log(z * negatives / size)
        yes, no = nn.functional.logsigmoid(logits[:, 0]), nn.functional.logsigmoid(-logits[:, 1:])
        loss = loss - (yes + no.sum(dim=1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, v in (("student", s), ("teacher", t)):
            memory[name][indices] = nn.functional.normalize(0.5 * memory[name][indices] + 0.5 * v)
    return loss.item()

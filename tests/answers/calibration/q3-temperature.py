# %% right: SciPy in log T
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax


def calibrate(logits, labels, test_logits):
    def loss(log_t):
        return -log_softmax(logits / np.exp(log_t), axis=1)[np.arange(len(labels)), labels].mean()

    T = np.exp(minimize_scalar(loss, bounds=(-6, 8), method="bounded", options={"xatol": 1e-7}).x)
    return T, np.exp(log_softmax(test_logits / T, axis=1))


# %% right: L-BFGS of PyTorch
def calibrate(logits, labels, test_logits):
    z, y = torch.tensor(logits), torch.tensor(labels)
    z = z - z.max(dim=1, keepdim=True).values
    size = z.std()
    log_t = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_t], lr=0.5, max_iter=200, tolerance_grad=1e-10, tolerance_change=1e-14)

    def closure():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(z / size / log_t.exp(), y)
        loss.backward()
        return loss

    optimizer.step(closure)
    T = (size * log_t.exp()).detach()
    return T, torch.softmax(torch.tensor(test_logits) / T, dim=1)


# %% right: golden section
def calibrate(logits, labels, test_logits):
    def log_p(z):
        z = z - z.max(1, keepdims=True)
        return z - np.log(np.exp(z).sum(1, keepdims=True))

    def loss(u):
        return -np.mean([row[y] for row, y in zip(log_p(logits / np.exp(u)), labels)])

    a, b, g = np.log(0.01), np.log(1000), (5**0.5 - 1) / 2
    for _ in range(60):
        c, d = b - g * (b - a), a + g * (b - a)
        if loss(c) < loss(d):
            b = d
        else:
            a = c
    T = float(np.exp(a))
    return [T, np.exp(log_p(test_logits / T))]


# %% right: a grid that is refined
def calibrate(logits, labels, test_logits):
    def softmax(z):
        e = np.exp(z - np.max(z, axis=-1, keepdims=True))
        return e / np.sum(e, axis=-1, keepdims=True)

    low, high = 1e-2, 1e3
    for _ in range(6):
        grid = np.geomspace(low, high, 30)
        losses = []
        for T in grid:
            z = logits / T
            z = z - z.max(axis=1, keepdims=True)
            losses.append(np.mean(np.log(np.exp(z).sum(axis=1)) - z[range(len(z)), labels]))
        k = int(np.argmin(losses))
        low, high = grid[max(k - 1, 0)], grid[min(k + 1, 29)]
    return grid[k], softmax(test_logits / grid[k])


# %% wrong: T makes the confidence as high as the accuracy
def calibrate(logits, labels, test_logits):
    def softmax(z):
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    accuracy = (logits.argmax(1) == labels).mean()
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        if softmax(logits / np.exp(middle)).max(1).mean() > accuracy:
            low = middle
        else:
            high = middle
    return np.exp(low), softmax(test_logits / np.exp(low))


# %% wrong: T makes the calibration error least
def calibrate(logits, labels, test_logits):
    def softmax(z):
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def error(T):
        p = softmax(logits / T)
        c, a = p.max(1), p.argmax(1) == labels
        number = np.minimum((c * 15).astype(int), 14)
        return np.abs(np.bincount(number, weights=a - c)).sum() / len(c)

    grid = np.geomspace(0.01, 1000, 4000)
    T = grid[np.argmin([error(t) for t in grid])]
    return T, softmax(test_logits / T)


# %% wrong: probabilities are divided by T
def calibrate(logits, labels, test_logits):
    def softmax(z):
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    T = fitted(logits, labels)
    p = softmax(test_logits) / T
    return T, p / p.sum(1, keepdims=True)


def fitted(logits, labels):
    z = logits - logits.max(1, keepdims=True)
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        p = np.exp(z * np.exp(middle))
        slope = ((p * z).sum(1) / p.sum(1) - z[np.arange(len(z)), labels]).mean()
        low, high = (middle, high) if slope < 0 else (low, middle)
    return np.exp(-high)


# %% wrong: softmax of probabilities
def calibrate(logits, labels, test_logits):
    def softmax(z):
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    T = fitted(logits, labels)
    return T, softmax(softmax(test_logits) / T)


def fitted(logits, labels):
    z = logits - logits.max(1, keepdims=True)
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        p = np.exp(z * np.exp(middle))
        slope = ((p * z).sum(1) / p.sum(1) - z[np.arange(len(z)), labels]).mean()
        low, high = (middle, high) if slope < 0 else (low, middle)
    return np.exp(-high)


# %% wrong: multiplied by T
def calibrate(logits, labels, test_logits):
    T = fitted(logits, labels)
    z = test_logits * T
    e = np.exp(z - z.max(1, keepdims=True))
    return T, e / e.sum(1, keepdims=True)


def fitted(logits, labels):
    z = logits - logits.max(1, keepdims=True)
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        p = np.exp(z * np.exp(middle))
        slope = ((p * z).sum(1) / p.sum(1) - z[np.arange(len(z)), labels]).mean()
        low, high = (middle, high) if slope < 0 else (low, middle)
    return np.exp(-high)


# %% wrong: 1 / T is returned
def calibrate(logits, labels, test_logits):
    z = logits - logits.max(1, keepdims=True)
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        p = np.exp(z * np.exp(middle))
        slope = ((p * z).sum(1) / p.sum(1) - z[np.arange(len(z)), labels]).mean()
        low, high = (middle, high) if slope < 0 else (low, middle)
    beta = np.exp(high)
    z = test_logits * beta
    e = np.exp(z - z.max(1, keepdims=True))
    return beta, e / e.sum(1, keepdims=True)


# %% wrong: the scaled logits are returned
def calibrate(logits, labels, test_logits):
    z = logits - logits.max(1, keepdims=True)
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        p = np.exp(z * np.exp(middle))
        slope = ((p * z).sum(1) / p.sum(1) - z[np.arange(len(z)), labels]).mean()
        low, high = (middle, high) if slope < 0 else (low, middle)
    return np.exp(-high), test_logits * np.exp(high)


# %% wrong: the held-out samples' probabilities
def calibrate(logits, labels, test_logits):
    z = logits - logits.max(1, keepdims=True)
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        p = np.exp(z * np.exp(middle))
        slope = ((p * z).sum(1) / p.sum(1) - z[np.arange(len(z)), labels]).mean()
        low, high = (middle, high) if slope < 0 else (low, middle)
    p = np.exp(z * np.exp(high))
    return np.exp(-high), p / p.sum(1, keepdims=True)


# %% wrong: a temperature for each class
def calibrate(logits, labels, test_logits):
    z, y = torch.tensor(logits), torch.tensor(labels)
    log_t = torch.zeros(z.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([log_t], 0.1)
    for _ in range(50):
        optimizer.zero_grad()
        nn.functional.cross_entropy(z / log_t.exp(), y).backward()
        optimizer.step()
    T = log_t.detach().exp()
    return T, torch.softmax(torch.tensor(test_logits) / T, dim=1)


# %% wrong: a coarse grid
def calibrate(logits, labels, test_logits):
    def softmax(z):
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    grid = np.arange(0.1, 600, 0.1)
    z, y = torch.tensor(logits), torch.tensor(labels)
    T = min(grid[:100], key=lambda t: nn.functional.cross_entropy(z / t, y).item())
    return T, softmax(test_logits / T)


# %% wrong: exponentials of the held-out logits are clipped
def calibrate(logits, labels, test_logits):
    rows = np.arange(len(labels))

    def loss(u):
        e = np.exp(np.clip(logits / np.exp(u), -50, 50))
        return -np.log(e[rows, labels] / e.sum(1)).mean()

    low, high = -4.0, 3.5
    for _ in range(60):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if loss(a) < loss(b) else (a, high)
    return np.exp(low), stable(test_logits / np.exp(low))


def stable(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


# %% wrong: the search begins at T = 1
def calibrate(logits, labels, test_logits):
    z = logits - logits.max(1, keepdims=True)
    low, high = -12.0, 0.0
    for _ in range(60):
        middle = (low + high) / 2
        p = np.exp(z * np.exp(middle))
        slope = ((p * z).sum(1) / p.sum(1) - z[np.arange(len(z)), labels]).mean()
        low, high = (middle, high) if slope < 0 else (low, middle)
    z = test_logits * np.exp(high)
    e = np.exp(z - z.max(1, keepdims=True))
    return np.exp(-high), e / e.sum(1, keepdims=True)


# %% wrong: the five first classes
def calibrate(logits, labels, test_logits):
    kept = labels < 5
    z, y = logits[kept][:, :5], labels[kept]
    z = z - z.max(1, keepdims=True)
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        p = np.exp(z * np.exp(middle))
        slope = ((p * z).sum(1) / p.sum(1) - z[np.arange(len(z)), y]).mean()
        low, high = (middle, high) if slope < 0 else (low, middle)
    z = test_logits * np.exp(high)
    e = np.exp(z - z.max(1, keepdims=True))
    return np.exp(-high), e / e.sum(1, keepdims=True)


# %% wrong: the test softmax overflows
def calibrate(logits, labels, test_logits):
    z = logits - logits.max(1, keepdims=True)
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        p = np.exp(z * np.exp(middle))
        slope = ((p * z).sum(1) / p.sum(1) - z[np.arange(len(z)), labels]).mean()
        low, high = (middle, high) if slope < 0 else (low, middle)
    with np.errstate(all="ignore"):
        e = np.exp(test_logits * np.exp(high))
        return np.exp(-high), e / e.sum(1, keepdims=True)


# %% wrong: one maximum for all rows
def calibrate(logits, labels, test_logits):
    z = logits - logits.max(1, keepdims=True)
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        p = np.exp(z * np.exp(middle))
        slope = ((p * z).sum(1) / p.sum(1) - z[np.arange(len(z)), labels]).mean()
        low, high = (middle, high) if slope < 0 else (low, middle)
    scaled = test_logits * np.exp(high)
    with np.errstate(all="ignore"):
        e = np.exp(scaled - scaled.max())
        return np.exp(-high), e / e.sum(1, keepdims=True)


# %% wrong: the sum over two classes
def calibrate(logits, labels, test_logits):
    z = logits - logits.max(1, keepdims=True)
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        p = np.exp(z * np.exp(middle))
        slope = ((p * z).sum(1) / p.sum(1) - z[np.arange(len(z)), labels]).mean()
        low, high = (middle, high) if slope < 0 else (low, middle)
    scaled = test_logits * np.exp(high)
    e = np.exp(scaled - scaled.max(1, keepdims=True))
    return np.exp(-high), e / np.maximum(e[:, 0] + e[:, 1], 1e-9)[:, None]


# %% wrong: squeezed
def calibrate(logits, labels, test_logits):
    z = logits - logits.max(1, keepdims=True)
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        p = np.exp(z * np.exp(middle))
        slope = ((p * z).sum(1) / p.sum(1) - z[np.arange(len(z)), labels]).mean()
        low, high = (middle, high) if slope < 0 else (low, middle)
    scaled = test_logits * np.exp(high)
    e = np.exp(scaled - scaled.max(1, keepdims=True))
    return np.exp(-high), np.squeeze(e / e.sum(1, keepdims=True))


# %% wrong: the logits are shifted in place
def calibrate(logits, labels, test_logits):
    logits -= logits.max(1, keepdims=True)
    z = logits
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        p = np.exp(z * np.exp(middle))
        slope = ((p * z).sum(1) / p.sum(1) - z[np.arange(len(z)), labels]).mean()
        low, high = (middle, high) if slope < 0 else (low, middle)
    z = test_logits * np.exp(high)
    e = np.exp(z - z.max(1, keepdims=True))
    return np.exp(-high), e / e.sum(1, keepdims=True)


# %% wrong: the library's
def calibrate(logits, labels, test_logits):
    from mylib.trust.calibration.scratch import TemperatureScaling

    scaling = TemperatureScaling().fit(logits, labels)
    z = scaling(test_logits)
    e = np.exp(z - z.max(1, keepdims=True))
    return scaling.temperature, e / e.sum(1, keepdims=True)


# %% wrong: T is fitted so that the answers are the labels
def calibrate(logits, labels, test_logits):
    z, y = torch.tensor(logits), torch.tensor(labels)
    w = torch.eye(z.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([w], 0.05)
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.cross_entropy(z @ w, y).backward()
        optimizer.step()
    return (1 / w.diagonal().mean()).detach(), torch.softmax(torch.tensor(test_logits) @ w.detach(), dim=1)


# %% wrong: the sum of exponentials overflows
from scipy.optimize import minimize_scalar
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
def nll(z, y):
    return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]).mean()
def calibrate(logits, labels, test_logits):
    r = minimize_scalar(lambda s: nll(logits / np.exp(s), labels), bounds=(np.log(0.01), np.log(1000)), method="bounded", options={"xatol": 1e-7})
    t = float(np.exp(r.x))
    return t, softmax(test_logits / t)


# %% wrong: the probability is clipped before the logarithm
from scipy.optimize import minimize_scalar
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
def nll(z, y):
    return -np.log(np.clip(softmax(z)[np.arange(len(y)), y], 1e-12, 1)).mean()
def calibrate(logits, labels, test_logits):
    r = minimize_scalar(lambda s: nll(logits / np.exp(s), labels), bounds=(np.log(0.01), np.log(1000)), method="bounded", options={"xatol": 1e-7})
    t = float(np.exp(r.x))
    return t, softmax(test_logits / t)

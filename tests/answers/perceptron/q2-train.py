# %% right: with an if for each case, as on the slide
def train(x, y, max_epochs=100):
    weight, bias, errors = np.zeros(x.shape[1]), 0.0, []
    for _ in range(max_epochs):
        wrong = 0
        for i in range(len(x)):
            answer = 1 if np.dot(weight, x[i]) + bias > 0 else 0
            if answer == 0 and y[i] == 1:
                weight, bias, wrong = weight + x[i], bias + 1, wrong + 1
            elif answer == 1 and y[i] == 0:
                weight, bias, wrong = weight - x[i], bias - 1, wrong + 1
        errors.append(wrong)
        if not wrong:
            return weight, bias, errors
    return weight, bias, errors


# %% right: the bias as one more weight
def train(x, y, max_epochs=100):
    extended = np.hstack([x, np.ones((len(x), 1))])
    w, errors = np.zeros(extended.shape[1]), []
    while len(errors) < max_epochs:
        before = w.copy()
        count = 0
        for row, label in zip(extended, y):
            gap = label - (row @ w > 0)
            count += int(gap != 0)
            w += gap * row
        errors.append(count)
        if np.array_equal(before, w) and count == 0:
            break
    return w[:-1], w[-1], errors


# %% right: plain lists, and a list of three things
def train(x, y, max_epochs=100):
    rows = [[float(v) for v in row] for row in x]
    w = [0.0] * len(rows[0])
    b = 0
    history = []
    while len(history) < max_epochs and (not history or history[-1] > 0):
        history.append(0)
        for row, label in zip(rows, y):
            z = sum(p * q for p, q in zip(w, row)) + b
            guess = 1 if z > 0 else 0
            if guess != label:
                sign = 1 if label == 1 else -1
                w = [p + sign * q for p, q in zip(w, row)]
                b += sign
                history[-1] += 1
    return [w, b, history]


# %% wrong: never updates the bias
def train(x, y, max_epochs=100):
    weight, bias, errors = np.zeros(x.shape[1]), 0.0, []
    for _ in range(max_epochs):
        wrong = 0
        for example, label in zip(x, y):
            difference = label - int(example @ weight + bias > 0)
            weight = weight + difference * example
            wrong += abs(difference)
        errors.append(wrong)
        if wrong == 0:
            break
    return weight, bias, errors


# %% wrong: all updates at the end of the pass
def train(x, y, max_epochs=100):
    weight, bias, errors = np.zeros(x.shape[1]), 0.0, []
    for _ in range(max_epochs):
        difference = y - (x @ weight + bias > 0).astype(int)
        weight = weight + difference @ x
        bias = bias + difference.sum()
        errors.append(int(np.abs(difference).sum()))
        if errors[-1] == 0:
            break
    return weight, bias, errors


# %% wrong: goes on to the last pass although nothing is wrong any more
def train(x, y, max_epochs=100):
    weight, bias, errors = np.zeros(x.shape[1]), 0.0, []
    for _ in range(max_epochs):
        wrong = 0
        for example, label in zip(x, y):
            difference = label - int(example @ weight + bias > 0)
            weight = weight + difference * example
            bias += difference
            wrong += abs(difference)
        errors.append(wrong)
    return weight, bias, errors


# %% wrong: shuffles the examples
def train(x, y, max_epochs=100):
    weight, bias, errors = np.zeros(x.shape[1]), 0.0, []
    for epoch in range(max_epochs):
        wrong = 0
        for i in np.random.default_rng(epoch).permutation(len(x)):
            difference = y[i] - int(x[i] @ weight + bias > 0)
            weight = weight + difference * x[i]
            bias += difference
            wrong += abs(difference)
        errors.append(wrong)
        if wrong == 0:
            break
    return weight, bias, errors


# %% wrong: scales the examples of the caller in place
def train(x, y, max_epochs=100):
    x /= np.abs(x).max()
    weight, bias, errors = np.zeros(x.shape[1]), 0.0, []
    for _ in range(max_epochs):
        wrong = 0
        for example, label in zip(x, y):
            difference = label - int(example @ weight + bias > 0)
            weight = weight + difference * example
            bias += difference
            wrong += abs(difference)
        errors.append(wrong)
        if wrong == 0:
            break
    x *= 1.0000001
    return weight, bias, errors


# %% wrong: scikit-learn does it
def train(x, y, max_epochs=100):
    from sklearn.linear_model import Perceptron

    model = Perceptron(shuffle=False, tol=None, max_iter=max_epochs).fit(x, y)
    return model.coef_[0], model.intercept_[0], [0]


# %% wrong: whole-number weights
def train(x, y, max_epochs=100):
    w, b, errors = np.zeros(x.shape[1], dtype=int), 0, []
    for _ in range(max_epochs):
        n = 0
        for xi, yi in zip(x, y):
            d = yi - int(xi @ w + b > 0)
            w, b, n = w + (d * xi).astype(int), b + d, n + abs(d)
        errors.append(n)
        if n == 0:
            break
    return w, b, errors


# %% wrong: rounds the weights that it returns
def train(x, y, max_epochs=100):
    w, b, errors = np.zeros(x.shape[1]), 0, []
    for _ in range(max_epochs):
        wrong = 0
        for xi, yi in zip(x, y):
            d = yi - int(xi @ w + b > 0)
            if d != 0:
                w, b, wrong = w + d * xi, b + d, wrong + 1
        errors.append(wrong)
        if wrong == 0:
            break
    return np.round(w), b, errors


# %% wrong: a default of its own
def train(x, y, max_epochs=50):
    w, b, errors = np.zeros(x.shape[1]), 0, []
    for _ in range(max_epochs):
        wrong = 0
        for xi, yi in zip(x, y):
            d = yi - int(xi @ w + b > 0)
            if d != 0:
                w, b, wrong = w + d * xi, b + d, wrong + 1
        errors.append(wrong)
        if wrong == 0:
            break
    return w, b, errors


# %% wrong: two weights, whatever the number of features
def train(x, y, max_epochs=100):
    w, b, errors = np.zeros(2), 0.0, []
    for _ in range(max_epochs):
        n = 0
        for xi, yi in zip(x, y):
            d = yi - int(xi @ w + b > 0)
            w, b, n = w + d * xi, b + d, n + abs(d)
        errors.append(n)
        if n == 0:
            break
    return w, b, errors


# %% wrong: the list of errors is kept from call to call
def train(x, y, max_epochs=100, errors=[]):
    w, b = np.zeros(x.shape[1]), 0.0
    for _ in range(max_epochs):
        n = 0
        for xi, yi in zip(x, y):
            d = yi - int(xi @ w + b > 0)
            w, b, n = w + d * xi, b + d, n + abs(d)
        errors.append(n)
        if n == 0:
            break
    return w, b, errors


# %% wrong: the weights live on from call to call
start = {}


def train(x, y, max_epochs=100):
    weight = start.setdefault(x.shape[1], np.zeros(x.shape[1]))
    bias, errors = 0, []
    for _ in range(max_epochs):
        wrong = 0
        for row, label in zip(x, y):
            step = label - int(row @ weight + bias > 0)
            weight += step * row
            bias += step
            wrong += abs(step)
        errors.append(wrong)
        if wrong == 0:
            break
    return weight, bias, errors


# %% wrong: the errors of the last pass only
def train(x, y, max_epochs=100):
    w, b, errors = np.zeros(x.shape[1]), 0.0, []
    for _ in range(max_epochs):
        n = 0
        for xi, yi in zip(x, y):
            d = yi - int(xi @ w + b > 0)
            w, b, n = w + d * xi, b + d, n + abs(d)
        errors.append(n)
        if n == 0:
            break
    return w, b, n

# %% right: dict()
def to_torch(learning_rate, weight_decay):
    share = weight_decay / learning_rate
    return dict(lr=learning_rate, weight_decay=share)


def from_torch(lr, weight_decay):
    return (lr, lr * weight_decay)


# %% right: by NumPy
def to_torch(learning_rate, weight_decay):
    return {"weight_decay": np.divide(weight_decay, learning_rate), "lr": np.float64(learning_rate)}


def from_torch(lr, weight_decay):
    return [lr, np.multiply(weight_decay, lr)]


# %% right: one function uses the other's rule
def share_of_a_step(learning_rate, weight_decay):
    return learning_rate * weight_decay


def to_torch(learning_rate, weight_decay):
    return {"lr": learning_rate, "weight_decay": weight_decay / share_of_a_step(learning_rate, 1.0)}


def from_torch(lr, weight_decay):
    return lr, share_of_a_step(lr, weight_decay)


# %% wrong: lambda times alpha
def to_torch(learning_rate, weight_decay):
    return {"lr": learning_rate, "weight_decay": weight_decay * learning_rate}


def from_torch(lr, weight_decay):
    return lr, weight_decay / lr


# %% wrong: divides on the way back, too
def to_torch(learning_rate, weight_decay):
    return {"lr": learning_rate, "weight_decay": weight_decay / learning_rate}


def from_torch(lr, weight_decay):
    return lr, weight_decay / lr


# %% wrong: the numbers as they are
def to_torch(learning_rate, weight_decay):
    return {"lr": learning_rate, "weight_decay": weight_decay}


def from_torch(lr, weight_decay):
    return lr, weight_decay


# %% wrong: upside down
def to_torch(learning_rate, weight_decay):
    return {"lr": learning_rate, "weight_decay": learning_rate / weight_decay if weight_decay else 0.0}


def from_torch(lr, weight_decay):
    return lr, weight_decay * lr


# %% wrong: rounded to three digits after the point
def to_torch(learning_rate, weight_decay):
    return {"lr": learning_rate, "weight_decay": round(weight_decay / learning_rate, 3)}


def from_torch(lr, weight_decay):
    return lr, weight_decay * lr


# %% wrong: a pair in place of the dictionary
def to_torch(learning_rate, weight_decay):
    return learning_rate, weight_decay / learning_rate


def from_torch(lr, weight_decay):
    return lr, weight_decay * lr


# %% wrong: the way back in the wrong order
def to_torch(learning_rate, weight_decay):
    return {"lr": learning_rate, "weight_decay": weight_decay / learning_rate}


def from_torch(lr, weight_decay):
    return weight_decay * lr, lr

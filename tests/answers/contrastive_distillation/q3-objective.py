# %% right: by the mathematics of Python
import math


def objective(h_joint, h_other, negatives):
    true = sum(math.log(h) for h in h_joint) / len(h_joint)
    false = sum(math.log1p(-h) for h in h_other) / len(h_other)
    return true + negatives * false


def printed_witness(negatives, nats):
    # log N + log h + N - N log h = nats
    log_h = (nats - negatives - math.log(negatives)) / (1 - negatives)
    return math.exp(log_h)


# %% right: an average with weights, and a search for the witness
def objective(h_joint, h_other, negatives):
    return np.average(np.log(h_joint)) + np.sum(np.log1p(np.negative(h_other))) * (negatives / h_other.size)


def printed_witness(negatives, nats):
    low, high = -1000.0, 0.0
    for _ in range(200):
        middle = (low + high) / 2
        if np.log(negatives) + middle + negatives * (1 - middle) > nats:
            low = middle
        else:
            high = middle
    return np.exp(middle)


# %% right: by a series where h is small
def log_of_the_rest(h):
    return np.where(h < 1e-9, -h - h * h / 2, np.log(1 - np.where(h < 1e-9, 0.5, h)))


def objective(h_joint, h_other, negatives):
    return np.log(h_joint).mean() + negatives * log_of_the_rest(h_other).mean()


def printed_witness(negatives, nats):
    return float(np.e ** -((nats - np.log(negatives) - negatives) / (negatives - 1)))


# %% wrong: as the slide prints it
def objective(h_joint, h_other, negatives):
    return np.log(h_joint).mean() + negatives * (1 - np.log(h_other)).mean()


def printed_witness(negatives, nats):
    return np.exp((negatives + np.log(negatives) - nats) / (negatives - 1))


# %% wrong: minus log h
def objective(h_joint, h_other, negatives):
    return np.log(h_joint).mean() - negatives * np.log(h_other).mean()


def printed_witness(negatives, nats):
    return np.exp((negatives + np.log(negatives) - nats) / (negatives - 1))


# %% wrong: without N
def objective(h_joint, h_other, negatives):
    return np.log(h_joint).mean() + np.log1p(-h_other).mean()


def printed_witness(negatives, nats):
    return np.exp((negatives + np.log(negatives) - nats) / (negatives - 1))


# %% wrong: the samples are the negatives
def objective(h_joint, h_other, negatives):
    return np.log(h_joint).mean() + np.log1p(-h_other).sum()


def printed_witness(negatives, nats):
    return np.exp((negatives + np.log(negatives) - nats) / (negatives - 1))


# %% wrong: the logarithm of the mean
def objective(h_joint, h_other, negatives):
    return np.log(h_joint).mean() + negatives * np.log1p(-h_other.mean())


def printed_witness(negatives, nats):
    return np.exp((negatives + np.log(negatives) - nats) / (negatives - 1))


# %% wrong: h of 1 is clipped
def objective(h_joint, h_other, negatives):
    return np.log(h_joint).mean() + negatives * np.log1p(-np.minimum(h_other, 1 - 1e-7)).mean()


def printed_witness(negatives, nats):
    return np.exp((negatives + np.log(negatives) - nats) / (negatives - 1))


# %% wrong: 1 - h is rounded
def objective(h_joint, h_other, negatives):
    return np.log(h_joint).mean() + negatives * np.log(1 - h_other).mean()


def printed_witness(negatives, nats):
    return np.exp((negatives + np.log(negatives) - nats) / (negatives - 1))


# %% wrong: a witness without log N
def objective(h_joint, h_other, negatives):
    return np.log(h_joint).mean() + negatives * np.log1p(-h_other).mean()


def printed_witness(negatives, nats):
    return np.exp((negatives - nats) / (negatives - 1))


# %% wrong: a witness over N
def objective(h_joint, h_other, negatives):
    return np.log(h_joint).mean() + negatives * np.log1p(-h_other).mean()


def printed_witness(negatives, nats):
    return np.exp((negatives + np.log(negatives) - nats) / negatives)


# %% wrong: always nearly zero
def objective(h_joint, h_other, negatives):
    return np.log(h_joint).mean() + negatives * np.log1p(-h_other).mean()


def printed_witness(negatives, nats):
    return 1e-300


# %% wrong: a witness that is not small enough
def objective(h_joint, h_other, negatives):
    return np.log(h_joint).mean() + negatives * np.log1p(-h_other).mean()


def printed_witness(negatives, nats):
    return max(np.exp((negatives + np.log(negatives) - nats) / (negatives - 1)), 1e-12)


# %% wrong: the logarithm of the witness
def objective(h_joint, h_other, negatives):
    return np.log(h_joint).mean() + negatives * np.log1p(-h_other).mean()


def printed_witness(negatives, nats):
    return (negatives + np.log(negatives) - nats) / (negatives - 1)

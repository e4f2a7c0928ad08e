# %% right: a sigmoid of the log odds, with a mask for its sign
def posterior(log_joint, log_teacher, log_student, negatives):
    odds = log_joint - log_teacher - log_student - np.log(negatives)
    small = np.exp(-np.abs(odds))
    return np.where(odds >= 0, 1 / (1 + small), small / (1 + small))


# %% right: one over one plus, infinity allowed
def posterior(log_joint, log_teacher, log_student, negatives):
    with np.errstate(over="ignore"):
        return 1 / (1 + negatives * np.exp(log_teacher + log_student - log_joint))


# %% right: softmax over true and false, a pair at a time
import math


def one(j, t, s, n):
    true, false = j, t + s + math.log(n)
    top = max(true, false)
    a, b = math.exp(true - top), math.exp(false - top)
    return a / (a + b)


def posterior(log_joint, log_teacher, log_student, negatives):
    flat = zip(log_joint.ravel(), log_teacher.ravel(), log_student.ravel())
    return np.array([one(j, t, s, negatives) for j, t, s in flat]).reshape(log_joint.shape)


# %% right: logaddexp of both ways
def posterior(log_joint, log_teacher, log_student, negatives):
    log_false = np.log(negatives) + log_teacher + log_student
    return np.exp(log_joint - np.logaddexp(log_joint, log_false))


# %% wrong: N on the wrong side
def posterior(log_joint, log_teacher, log_student, negatives):
    return 1 / (1 + np.exp(log_teacher + log_student - log_joint) / negatives)


# %% wrong: N + 1 false pairs
def posterior(log_joint, log_teacher, log_student, negatives):
    return 1 / (1 + (negatives + 1) * np.exp(log_teacher + log_student - log_joint))


# %% wrong: the probability of a false pair
def posterior(log_joint, log_teacher, log_student, negatives):
    return 1 / (1 + np.exp(log_joint - log_teacher - log_student) / negatives)


# %% wrong: without N
def posterior(log_joint, log_teacher, log_student, negatives):
    return 1 / (1 + np.exp(log_teacher + log_student - log_joint))


# %% wrong: the ratio, overflowing
def posterior(log_joint, log_teacher, log_student, negatives):
    ratio = np.exp(log_joint - log_teacher - log_student)
    return ratio / (ratio + negatives)


# %% wrong: densities are formed first
def posterior(log_joint, log_teacher, log_student, negatives):
    against = np.exp(log_student) / np.exp(log_joint - log_teacher)
    return 1 / (1 + negatives * against)


# %% wrong: log odds clipped
def posterior(log_joint, log_teacher, log_student, negatives):
    odds = log_joint - log_teacher - log_student - np.log(negatives)
    return 1 / (1 + np.exp(-np.clip(odds, -30, 30)))


# %% wrong: one less the rest
def posterior(log_joint, log_teacher, log_student, negatives):
    odds = log_joint - log_teacher - log_student - np.log(negatives)
    return 1 - 1 / (1 + np.exp(np.minimum(odds, 700)))


# %% wrong: the first axis only
def posterior(log_joint, log_teacher, log_student, negatives):
    flat = zip(log_joint, log_teacher, log_student)
    return np.array([1 / (1 + negatives * np.exp(float(t + s - j))) for j, t, s in flat])


# %% wrong: the marginal of the student is forgotten
def posterior(log_joint, log_teacher, log_student, negatives):
    return 1 / (1 + negatives * np.exp(log_teacher - log_joint))


# %% wrong: it writes into its arguments
def posterior(log_joint, log_teacher, log_student, negatives):
    log_joint -= log_teacher
    log_joint -= log_student
    return 1 / (1 + negatives * np.exp(-log_joint))


# %% wrong: the logarithm of the posterior
def posterior(log_joint, log_teacher, log_student, negatives):
    return -np.logaddexp(0, np.log(negatives) + log_teacher + log_student - log_joint)


# %% wrong: by SciPy
from scipy.special import expit


def posterior(log_joint, log_teacher, log_student, negatives):
    return expit(log_joint - log_teacher - log_student - np.log(negatives))

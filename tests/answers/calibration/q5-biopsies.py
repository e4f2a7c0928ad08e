# %% right: a patient at a time
def treat(posterior, truth, miss):
    treated, total = [], 0.0
    for (cancer, normal), y in zip(posterior, truth):
        yes = not (normal > miss * cancer)
        treated.append(yes)
        if yes and y == 1:
            total += 1
        elif not yes and y == 0:
            total += miss
    return np.array(treated), total / len(truth)


# %% right: a matrix of costs
def treat(posterior, truth, miss):
    loss = np.array([[0.0, 1.0], [miss, 0.0]])
    action = (posterior @ loss.T).argmin(axis=1)
    return action == 0, loss[action, truth].mean()


# %% right: masks
def treat(posterior, truth, miss):
    home = posterior[:, 1] > posterior[:, 0] * miss
    missed = np.count_nonzero(home & (truth == 0))
    alarms = np.count_nonzero(~home & (truth == 1))
    return np.logical_not(home), (miss * missed + alarms) / home.size


# %% wrong: whatever is likelier
def treat(posterior, truth, miss):
    treated = posterior[:, 0] >= posterior[:, 1]
    return treated, np.where(truth == 0, miss * ~treated, 1.0 * treated).mean()


# %% wrong: the costs exchanged
def treat(posterior, truth, miss):
    treated = posterior[:, 0] >= miss * posterior[:, 1]
    return treated, np.where(truth == 0, miss * ~treated, 1.0 * treated).mean()


# %% wrong: the columns exchanged
def treat(posterior, truth, miss):
    treated = posterior[:, 1] * miss >= posterior[:, 0]
    return treated, np.where(truth == 0, miss * ~treated, 1.0 * treated).mean()


# %% wrong: the expected cost, not the real one
def treat(posterior, truth, miss):
    treated = posterior[:, 0] * miss >= posterior[:, 1]
    return treated, np.where(treated, posterior[:, 1], miss * posterior[:, 0]).mean()


# %% wrong: the sum of the costs
def treat(posterior, truth, miss):
    treated = posterior[:, 0] * miss >= posterior[:, 1]
    return treated, np.where(truth == 0, miss * ~treated, 1.0 * treated).sum()


# %% wrong: missed cancers alone cost
def treat(posterior, truth, miss):
    treated = posterior[:, 0] * miss >= posterior[:, 1]
    return treated, np.where(truth == 0, miss * ~treated, 0.0).mean()


# %% wrong: each error costs 1
def treat(posterior, truth, miss):
    treated = posterior[:, 0] * miss >= posterior[:, 1]
    return treated, (treated == (truth == 1)).mean()


# %% wrong: 0 is normal
def treat(posterior, truth, miss):
    treated = posterior[:, 0] * miss >= posterior[:, 1]
    return treated, np.where(truth == 1, miss * ~treated, 1.0 * treated).mean()


# %% wrong: home where both cost the same
def treat(posterior, truth, miss):
    treated = posterior[:, 0] * miss > posterior[:, 1]
    return treated, np.where(truth == 0, miss * ~treated, 1.0 * treated).mean()


# %% wrong: the threshold of the first example
def treat(posterior, truth, miss):
    treated = posterior[:, 0] >= 0.2
    return treated, np.where(truth == 0, miss * ~treated, 1.0 * treated).mean()


# %% wrong: clipped posteriors
def treat(posterior, truth, miss):
    cancer = np.clip(posterior[:, 0], 0.005, 0.995)
    treated = cancer * miss >= 1 - cancer
    return treated, np.where(truth == 0, miss * ~treated, 1.0 * treated).mean()


# %% wrong: zeros and ones
def treat(posterior, truth, miss):
    treated = posterior[:, 0] * miss >= posterior[:, 1]
    return treated.astype(int), np.where(truth == 0, miss * ~treated, 1.0 * treated).mean()


# %% wrong: who is sent home
def treat(posterior, truth, miss):
    treated = posterior[:, 0] * miss >= posterior[:, 1]
    return ~treated, np.where(truth == 0, miss * ~treated, 1.0 * treated).mean()


# %% wrong: decided by the truth
def treat(posterior, truth, miss):
    treated = (posterior[:, 0] * miss >= posterior[:, 1]) & (truth == 0)
    return treated, np.where(truth == 0, miss * ~treated, 1.0 * treated).mean()


# %% wrong: the library's
def treat(posterior, truth, miss):
    from mylib.trust.calibration.scratch import bayes_action

    treated = bayes_action(posterior, [[0, 1], [miss, 0]]) == 0
    return treated, np.where(truth == 0, miss * ~treated, 1.0 * treated).mean()


# %% wrong: the posterior is multiplied in place
def treat(posterior, truth, miss):
    posterior[:, 0] *= miss
    treated = posterior[:, 0] >= posterior[:, 1]
    return treated, np.where(truth == 0, miss * ~treated, 1.0 * treated).mean()

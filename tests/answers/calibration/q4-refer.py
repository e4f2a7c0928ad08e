# %% right: a patient at a time
def decide(posterior, loss, referral):
    actions, risks = [], []
    for p in posterior:
        risk = [float(np.sum(row * p)) for row in loss]
        best = int(np.argmin(risk))
        if referral < risk[best]:
            best, cost = len(loss), float(referral)
        else:
            cost = risk[best]
        actions.append(best)
        risks.append(cost)
    return np.array(actions), np.array(risks)


# %% right: einsum and where
def decide(posterior, loss, referral):
    risk = np.einsum("ij,nj->ni", loss, posterior)
    best, cheapest = risk.argmin(1), risk.min(1)
    refer = cheapest > referral
    return np.where(refer, loss.shape[0], best), np.where(refer, referral, cheapest).astype(float)


# %% right: the referral as one more action
def decide(posterior, loss, referral):
    every = np.vstack([loss, np.full((1, loss.shape[1]), referral)]).astype(float)
    every = every[:-1]
    risk = posterior.dot(every.T)
    action = np.zeros(len(posterior), dtype=np.int32)
    value = risk[:, 0].copy()
    for i in range(1, len(every)):
        better = risk[:, i] < value
        action[better], value[better] = i, risk[better, i]
    away = referral < value
    action[away], value[away] = len(every), referral
    return [action, value]


# %% right: sorted
def decide(posterior, loss, referral):
    risk = (loss[None] * posterior[:, None]).sum(axis=2)
    order = np.argsort(risk, axis=1, kind="stable")[:, 0]
    value = np.take_along_axis(risk, order[:, None], axis=1)[:, 0]
    action = order.copy()
    action[value > referral] = risk.shape[1]
    return action, np.minimum(value, referral)


# %% wrong: the loss is transposed
def decide(posterior, loss, referral):
    square = loss.shape[0] == loss.shape[1]
    risks = np.column_stack([posterior @ (loss if square else loss.T), np.full(len(posterior), float(referral))])
    action = risks.argmin(axis=1)
    return action, risks[np.arange(len(risks)), action]


# %% wrong: the largest risk
def decide(posterior, loss, referral):
    risks = np.column_stack([posterior @ loss.T, np.full(len(posterior), float(referral))])
    action = risks.argmax(axis=1)
    return action, risks[np.arange(len(risks)), action]


# %% wrong: the likeliest class
def decide(posterior, loss, referral):
    action = posterior.argmax(axis=1)
    risk = (posterior @ loss.T)[np.arange(len(posterior)), action]
    return np.where(risk > referral, len(loss), action), np.minimum(risk, referral).astype(float)


# %% wrong: the costs of the likeliest class
def decide(posterior, loss, referral):
    risks = loss.T[posterior.argmax(axis=1)].astype(float)
    risks = np.column_stack([risks, np.full(len(posterior), float(referral))])
    action = risks.argmin(axis=1)
    return action, risks[np.arange(len(risks)), action]


# %% wrong: nobody is referred
def decide(posterior, loss, referral):
    risks = posterior @ loss.T
    return risks.argmin(axis=1), risks.min(axis=1)


# %% wrong: referred has number -1
def decide(posterior, loss, referral):
    risks = posterior @ loss.T
    refer = risks.min(axis=1) > referral
    return np.where(refer, -1, risks.argmin(axis=1)), np.minimum(risks.min(axis=1), referral).astype(float)


# %% wrong: referred has the number of classes
def decide(posterior, loss, referral):
    risks = posterior @ loss.T
    refer = risks.min(axis=1) > referral
    action = np.where(refer, posterior.shape[1], risks.argmin(axis=1))
    return action, np.minimum(risks.min(axis=1), referral).astype(float)


# %% wrong: the risk of the action that would have been taken
def decide(posterior, loss, referral):
    risks = posterior @ loss.T
    refer = risks.min(axis=1) > referral
    return np.where(refer, len(loss), risks.argmin(axis=1)), risks.min(axis=1)


# %% wrong: risks of the costs' dtype
def decide(posterior, loss, referral):
    risks = np.zeros((len(posterior), len(loss) + 1), dtype=loss.dtype)
    risks[:, :-1] = posterior @ loss.T
    risks[:, -1] = referral
    action = risks.argmin(axis=1)
    return action, risks[np.arange(len(risks)), action].astype(float)


# %% wrong: costs are never below 0
def decide(posterior, loss, referral):
    risks = np.column_stack([posterior @ np.maximum(loss, 0).T, np.full(len(posterior), float(referral))])
    action = risks.argmin(axis=1)
    return action, risks[np.arange(len(risks)), action]


# %% wrong: a referral of 0 is none
def decide(posterior, loss, referral):
    price = referral or np.inf
    risks = np.column_stack([posterior @ loss.T, np.full(len(posterior), float(price))])
    action = risks.argmin(axis=1)
    return action, risks[np.arange(len(risks)), action]


# %% wrong: of equal actions the last
def decide(posterior, loss, referral):
    risks = posterior @ loss.T
    action = len(loss) - 1 - risks[:, ::-1].argmin(axis=1)
    value = risks.min(axis=1)
    return np.where(value > referral, len(loss), action), np.minimum(value, referral).astype(float)


# %% wrong: referred where it costs the same
def decide(posterior, loss, referral):
    risks = posterior @ loss.T
    value = risks.min(axis=1)
    return np.where(value >= referral, len(loss), risks.argmin(axis=1)), np.minimum(value, referral).astype(float)


# %% wrong: squeezed
def decide(posterior, loss, referral):
    risks = np.column_stack([posterior @ loss.T, np.full(len(posterior), float(referral))])
    action = risks.argmin(axis=1)
    value = np.squeeze(risks[np.arange(len(risks)), action])
    return action.reshape(value.shape), value


# %% wrong: two classes
def decide(posterior, loss, referral):
    p, q = posterior[:, :1], posterior[:, -1:]
    risks = np.column_stack([p * loss[:, 0] + q * loss[:, -1], np.full(len(posterior), float(referral))])
    action = risks.argmin(axis=1)
    return action, risks[np.arange(len(risks)), action]


# %% wrong: actions with a fraction
def decide(posterior, loss, referral):
    risks = np.column_stack([posterior @ loss.T, np.full(len(posterior), float(referral))])
    action = risks.argmin(axis=1)
    return action.astype(float), risks[np.arange(len(risks)), action]


# %% wrong: the costs are doubled in place
def decide(posterior, loss, referral):
    risks = np.column_stack([posterior @ loss.T, np.full(len(posterior), float(referral))])
    loss *= 2
    action = risks.argmin(axis=1)
    return action, risks[np.arange(len(risks)), action]


# %% wrong: the library's
def decide(posterior, loss, referral):
    from mylib.trust.calibration.scratch import bayes_action, conditional_risk

    action, value = bayes_action(posterior, loss), conditional_risk(posterior, loss).min(axis=1)
    return np.where(value > referral, len(loss), action), np.minimum(value, referral).astype(float)


# %% wrong: all or nobody is referred
def decide(posterior, loss, referral):
    risks = posterior @ loss.T
    if risks.min(axis=1).mean() > referral:
        return np.full(len(posterior), len(loss)), np.full(len(posterior), float(referral))
    return risks.argmin(axis=1), risks.min(axis=1)

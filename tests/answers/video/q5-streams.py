# %% right: log-sum-exp, whose rounding shows in float32 where scores are large
def average_streams(spatial, temporal):
    both = torch.stack((spatial, temporal))
    return (both - both.logsumexp(-1, keepdim=True)).exp().mean(0)


# %% right: log-softmax and logaddexp
def average_streams(spatial, temporal):
    log_p = torch.logaddexp(torch.log_softmax(spatial, 1), torch.log_softmax(temporal, 1))
    return log_p.exp() / 2


# %% right: by hand, with the largest score taken away
def probabilities(scores):
    e = torch.exp(scores - scores.max(dim=1, keepdim=True).values)
    return e / e.sum(dim=1, keepdim=True)


def average_streams(spatial, temporal):
    return 0.5 * probabilities(spatial) + 0.5 * probabilities(temporal)


# %% wrong: the mean of the scores
def average_streams(spatial, temporal):
    return ((spatial + temporal) / 2).softmax(dim=1)


# %% wrong: softmax over the batch
def average_streams(spatial, temporal):
    return (spatial.softmax(dim=0) + temporal.softmax(dim=0)) / 2


# %% wrong: the product of the probabilities
def average_streams(spatial, temporal):
    p = spatial.softmax(dim=1) * temporal.softmax(dim=1)
    return p / p.sum(1, keepdim=True)


# %% wrong: the sum instead of the mean
def average_streams(spatial, temporal):
    return spatial.softmax(dim=1) + temporal.softmax(dim=1)


# %% wrong: the exponential overflows
def average_streams(spatial, temporal):
    p = spatial.exp() / spatial.exp().sum(1, keepdim=True)
    q = temporal.exp() / temporal.exp().sum(1, keepdim=True)
    return (p + q) / 2


# %% wrong: the classes instead of the probabilities
def average_streams(spatial, temporal):
    return (spatial.softmax(dim=1) + temporal.softmax(dim=1)).argmax(dim=1)


# %% wrong: the largest score of the whole batch is taken away
def average_streams(spatial, temporal):
    p, q = (spatial - spatial.max()).exp(), (temporal - temporal.max()).exp()
    return (p / p.sum(1, keepdim=True) + q / q.sum(1, keepdim=True)) / 2


# %% wrong: scores are cut off at 50
def average_streams(spatial, temporal):
    p, q = spatial.clamp(-50, 50).exp(), temporal.clamp(-50, 50).exp()
    return (p / p.sum(1, keepdim=True) + q / q.sum(1, keepdim=True)) / 2


# %% wrong: takes the largest score away in place
def average_streams(spatial, temporal):
    for scores in (spatial, temporal):
        scores -= scores.max(dim=1, keepdim=True).values
    return (spatial.softmax(dim=1) + temporal.softmax(dim=1)) / 2


# %% wrong: an array of NumPy
def average_streams(spatial, temporal):
    return ((spatial.softmax(dim=1) + temporal.softmax(dim=1)) / 2).numpy()

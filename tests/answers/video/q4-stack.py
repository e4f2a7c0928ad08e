# %% right: reshape
def stack_flows(flows, length):
    time, _, height, width = flows.shape
    stacks = [flows[start : start + length].reshape(2 * length, height, width) for start in range(time - length + 1)]
    return np.array(stacks)


# %% right: windows
def stack_flows(flows, length):
    windows = np.lib.stride_tricks.sliding_window_view(flows, length, axis=0)
    windows = np.moveaxis(windows, -1, 1)
    return windows.reshape(len(windows), 2 * length, *flows.shape[2:])


# %% right: channel by channel
def stack_flows(flows, length):
    starts = len(flows) - length + 1
    result = np.zeros((starts, 2 * length, flows.shape[2], flows.shape[3]))
    for k in range(length):
        result[:, 2 * k] = flows[k : k + starts, 0]
        result[:, 2 * k + 1] = flows[k : k + starts, 1]
    return result


# %% wrong: one stack too few
def stack_flows(flows, length):
    return np.stack([np.concatenate(flows[start : start + length]) for start in range(len(flows) - length)])


# %% wrong: all u before all v
def stack_flows(flows, length):
    return np.stack(
        [
            np.concatenate(flows[start : start + length].transpose(1, 0, 2, 3))
            for start in range(len(flows) - length + 1)
        ]
    )


# %% wrong: stacks that do not overlap
def stack_flows(flows, length):
    return np.stack(
        [np.concatenate(flows[start : start + length]) for start in range(0, len(flows) - length + 1, length)]
    )


# %% wrong: latest flow first
def stack_flows(flows, length):
    return np.stack([np.concatenate(flows[start : start + length][::-1]) for start in range(len(flows) - length + 1)])


# %% wrong: stacks as an axis of their own
def stack_flows(flows, length):
    return np.stack([flows[start : start + length] for start in range(len(flows) - length + 1)])


# %% wrong: the sum of the flows
def stack_flows(flows, length):
    return np.stack(
        [np.tile(flows[start : start + length].sum(0), (length, 1, 1)) for start in range(len(flows) - length + 1)]
    )


# %% wrong: a single stack loses its axis
def stack_flows(flows, length):
    return np.stack(
        [np.concatenate(flows[start : start + length]) for start in range(len(flows) - length + 1)]
    ).squeeze()


# %% wrong: only the first and the last flow of each stack
def stack_flows(flows, length):
    starts = len(flows) - length + 1
    return np.concatenate([flows[:starts], flows[length - 1 :]], axis=1)


# %% wrong: whole numbers
def stack_flows(flows, length):
    time, _, height, width = flows.shape
    stacks = np.zeros((time - length + 1, 2 * length, height, width), dtype=int)
    for start in range(len(stacks)):
        stacks[start] = flows[start : start + length].reshape(2 * length, height, width)
    return stacks


# %% wrong: takes the mean flow away in place
def stack_flows(flows, length):
    flows -= flows.mean(axis=(2, 3), keepdims=True)
    return np.stack([np.concatenate(flows[start : start + length]) for start in range(len(flows) - length + 1)])

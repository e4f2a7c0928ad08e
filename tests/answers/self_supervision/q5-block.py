# %% right: quarters by slicing
def best_block(net, images, labels):
    mode = net.training
    net.train(False)
    n, scores = len(images) // 2, []
    with torch.no_grad():
        for b in range(len(net.blocks)):
            maps = net.features(images, b + 1)
            h, w = maps.shape[2] // 2, maps.shape[3] // 2
            parts = [maps[:, :, i : i + h, j : j + w].mean(dim=(2, 3)) for i in (0, h) for j in (0, w)]
            x = torch.cat(parts, dim=1)
            layer = linear_probe(x[:n], labels[:n])
            scores.append(float((layer(x[n:]).argmax(1) == labels[n:]).float().mean()))
    net.train(mode)
    return scores.index(max(scores)) + 1, scores


# %% right: reshaped quarters, a dictionary
@torch.inference_mode()
def quarters(net, images, block):
    maps = net.features(images, block)
    n, c, h, w = maps.shape
    return maps.reshape(n, c, 2, h // 2, 2, w // 2).mean((3, 5)).reshape(n, -1).clone()


def best_block(net, images, labels):
    was = net.training
    net.eval()
    half, found = len(images) // 2, {}
    for block, _ in enumerate(net.blocks, 1):
        x = quarters(net, images, block)
        probe = linear_probe(x[:half], labels[:half])
        with torch.no_grad():
            z = probe(x[half:])
        found[block] = np.mean(z.argmax(-1).numpy() == labels[half:].numpy())
    if was:
        net.train()
    return max(found, key=found.get), list(found.values())


# %% right: average pooling, a copy of the network
import copy

import torch.nn.functional as F


def best_block(net, images, labels):
    net = copy.deepcopy(net).eval()
    first, rest = slice(0, len(images) // 2), slice(len(images) // 2, None)
    accuracies = []
    for block in range(1, 1 + len(net.blocks)):
        maps = net.features(images, block).detach()
        x = F.avg_pool2d(maps, (maps.shape[-2] // 2, maps.shape[-1] // 2)).flatten(1)
        probe = linear_probe(x[first], labels[first])
        guesses = probe(x[rest]).detach().max(dim=1).indices
        accuracies.append((guesses == labels[rest]).sum().item() / len(guesses))
    best = 0
    for i, value in enumerate(accuracies):
        if value > accuracies[best]:
            best = i
    return best + 1, accuracies


# %% wrong: in training mode
def best_block(net, images, labels):
    half, scores = len(images) // 2, []
    with torch.no_grad():
        for b in range(1, len(net.blocks) + 1):
            x = nn.functional.adaptive_avg_pool2d(net.features(images, b), 2).flatten(1)
            probe = linear_probe(x[:half], labels[:half])
            scores.append((probe(x[half:]).argmax(1) == labels[half:]).float().mean().item())
    return int(np.argmax(scores)) + 1, scores


# %% wrong: eval mode is left on
def best_block(net, images, labels):
    net.eval()
    half, scores = len(images) // 2, []
    with torch.no_grad():
        for b in range(1, len(net.blocks) + 1):
            x = nn.functional.adaptive_avg_pool2d(net.features(images, b), 2).flatten(1)
            probe = linear_probe(x[:half], labels[:half])
            scores.append((probe(x[half:]).argmax(1) == labels[half:]).float().mean().item())
    return int(np.argmax(scores)) + 1, scores


# %% wrong: training mode is switched on
def best_block(net, images, labels):
    net.eval()
    half, scores = len(images) // 2, []
    with torch.no_grad():
        for b in range(1, len(net.blocks) + 1):
            x = nn.functional.adaptive_avg_pool2d(net.features(images, b), 2).flatten(1)
            probe = linear_probe(x[:half], labels[:half])
            scores.append((probe(x[half:]).argmax(1) == labels[half:]).float().mean().item())
    net.train()
    return int(np.argmax(scores)) + 1, scores


# %% wrong: judged on what it learned from
def best_block(net, images, labels):
    mode, scores = net.training, []
    net.eval()
    half = len(images) // 2
    with torch.no_grad():
        for b in range(1, len(net.blocks) + 1):
            x = nn.functional.adaptive_avg_pool2d(net.features(images, b), 2).flatten(1)
            probe = linear_probe(x[:half], labels[:half])
            scores.append((probe(x[:half]).argmax(1) == labels[:half]).float().mean().item())
    net.train(mode)
    return int(np.argmax(scores)) + 1, scores


# %% wrong: counted from 0
def best_block(net, images, labels):
    mode, scores = net.training, []
    net.eval()
    half = len(images) // 2
    with torch.no_grad():
        for b in range(1, len(net.blocks) + 1):
            x = nn.functional.adaptive_avg_pool2d(net.features(images, b), 2).flatten(1)
            probe = linear_probe(x[:half], labels[:half])
            scores.append((probe(x[half:]).argmax(1) == labels[half:]).float().mean().item())
    net.train(mode)
    return int(np.argmax(scores)), scores


# %% wrong: the last of equal ones
def best_block(net, images, labels):
    mode, scores = net.training, []
    net.eval()
    half, best = len(images) // 2, 0
    with torch.no_grad():
        for b in range(1, len(net.blocks) + 1):
            x = nn.functional.adaptive_avg_pool2d(net.features(images, b), 2).flatten(1)
            probe = linear_probe(x[:half], labels[:half])
            scores.append((probe(x[half:]).argmax(1) == labels[half:]).float().mean().item())
            best = b if scores[-1] >= max(scores) else best
    net.train(mode)
    return best, scores


# %% wrong: one mean over the whole map
def best_block(net, images, labels):
    mode, scores = net.training, []
    net.eval()
    half = len(images) // 2
    with torch.no_grad():
        for b in range(1, len(net.blocks) + 1):
            x = net.features(images, b).mean((2, 3))
            probe = linear_probe(x[:half], labels[:half])
            scores.append((probe(x[half:]).argmax(1) == labels[half:]).float().mean().item())
    net.train(mode)
    return int(np.argmax(scores)) + 1, scores


# %% wrong: the last block is left out
def best_block(net, images, labels):
    mode, scores = net.training, []
    net.eval()
    half = len(images) // 2
    with torch.no_grad():
        for b in range(1, len(net.blocks)):
            x = nn.functional.adaptive_avg_pool2d(net.features(images, b), 2).flatten(1)
            probe = linear_probe(x[:half], labels[:half])
            scores.append((probe(x[half:]).argmax(1) == labels[half:]).float().mean().item())
    net.train(mode)
    return int(np.argmax(scores)) + 1, scores


# %% wrong: the block alone
def best_block(net, images, labels):
    mode, scores = net.training, []
    net.eval()
    half = len(images) // 2
    with torch.no_grad():
        for b in range(1, len(net.blocks) + 1):
            x = nn.functional.adaptive_avg_pool2d(net.features(images, b), 2).flatten(1)
            probe = linear_probe(x[:half], labels[:half])
            scores.append((probe(x[half:]).argmax(1) == labels[half:]).float().mean().item())
    net.train(mode)
    return int(np.argmax(scores)) + 1


# %% wrong: the statistics change once all is measured
def best_block(net, images, labels):
    mode, scores = net.training, []
    net.eval()
    half = len(images) // 2
    with torch.no_grad():
        for b in range(1, len(net.blocks) + 1):
            x = nn.functional.adaptive_avg_pool2d(net.features(images, b), 2).flatten(1)
            probe = linear_probe(x[:half], labels[:half])
            scores.append((probe(x[half:]).argmax(1) == labels[half:]).float().mean().item())
        net.train(mode)
        if mode:
            net.features(images, 1)
    return int(np.argmax(scores)) + 1, scores


# %% wrong: a copy in the mode in which it came
import copy


def best_block(net, images, labels):
    net, scores = copy.deepcopy(net), []
    half = len(images) // 2
    with torch.no_grad():
        for b in range(1, len(net.blocks) + 1):
            x = nn.functional.adaptive_avg_pool2d(net.features(images, b), 2).flatten(1)
            probe = linear_probe(x[:half], labels[:half])
            scores.append((probe(x[half:]).argmax(1) == labels[half:]).float().mean().item())
    return int(np.argmax(scores)) + 1, scores


# %% wrong: the first half is rounded up
def best_block(net, images, labels):
    was = net.training
    net.eval()
    half = (len(images) + 1) // 2
    scores = []
    for block in range(1, len(net.blocks) + 1):
        with torch.no_grad():
            maps = net.features(images, block)
        features = torch.nn.functional.adaptive_avg_pool2d(maps, 2).flatten(1)
        probe = linear_probe(features[:half], labels[:half])
        with torch.no_grad():
            right = probe(features[half:]).argmax(1) == labels[half:]
        scores.append(right.float().mean().item())
    net.train(was)
    return 1 + max(range(len(scores)), key=lambda i: scores[i]), scores

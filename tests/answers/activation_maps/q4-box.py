# %% right: names that flow over the array
def largest_box(cam, threshold):
    if not (cam > 0).any():
        raise ValueError("no evidence")
    mask = cam > threshold * cam.max()
    h, w = cam.shape
    names = np.where(mask, np.arange(h * w).reshape(h, w), h * w)
    while True:
        wide = np.pad(names, 1, constant_values=h * w)
        near = [wide[dy : dy + h, dx : dx + w] for dy in range(3) for dx in range(3)]
        new = np.where(mask, np.min(near, axis=0), h * w)
        if (new == names).all():
            break
        names = new
    sizes = np.bincount(names.ravel(), minlength=h * w + 1)[:-1]
    rows, columns = np.nonzero(names == sizes.argmax())
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


# %% right: a set of pixels and a queue
from collections import deque


def largest_box(cam, threshold):
    most = cam.max()
    if most <= 0:
        raise ValueError("largest_box: there is nothing above 0")
    todo = {(int(y), int(x)) for y, x in np.argwhere(cam > threshold * most)}
    best = []
    for start in sorted(todo):
        if start not in todo:
            continue
        todo.remove(start)
        queue, region = deque([start]), []
        while queue:
            y, x = queue.popleft()
            region.append((y, x))
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    if (y + dy, x + dx) in todo:
                        todo.remove((y + dy, x + dx))
                        queue.append((y + dy, x + dx))
        if len(region) > len(best):
            best = region
    ys, xs = zip(*best)
    return [min(xs), min(ys), max(xs) + 1, max(ys) + 1]


# %% right: union of pixels by pointers
def largest_box(cam, threshold):
    if cam.max() <= 0:
        raise ValueError("nothing is positive")
    on = cam > threshold * cam.max()
    h, w = on.shape
    parent = list(range(h * w))

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for y in range(h):
        for x in range(w):
            if not on[y, x]:
                continue
            for ny, nx in ((y, x - 1), (y - 1, x - 1), (y - 1, x), (y - 1, x + 1)):
                if ny >= 0 and 0 <= nx < w and on[ny, nx]:
                    a, b = root(y * w + x), root(ny * w + nx)
                    parent[max(a, b)] = min(a, b)
    members = {}
    for y, x in np.argwhere(on):
        members.setdefault(root(y * w + x), []).append((y, x))
    best = max(members.values(), key=len)
    (y1, x1), (y2, x2) = np.min(best, axis=0), np.max(best, axis=0)
    return np.array([x1, y1, x2 + 1, y2 + 1], dtype=float)


# %% wrong: the box around everything above the threshold
def largest_box(cam, threshold):
    if cam.max() <= 0:
        raise ValueError("nothing is positive")
    rows, columns = np.nonzero(cam > threshold * cam.max())
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])


# %% wrong: only sides connect
def largest_box(cam, threshold):
    if cam.max() <= 0:
        raise ValueError("nothing is positive")
    left, best = cam > threshold * cam.max(), []
    for start in zip(*np.nonzero(left)):
        region, waiting = [], [start]
        while waiting:
            y, x = waiting.pop()
            if 0 <= y < cam.shape[0] and 0 <= x < cam.shape[1] and left[y, x]:
                left[y, x] = False
                region.append((y, x))
                waiting += [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]
        best = region if len(region) > len(best) else best
    (y1, x1), (y2, x2) = np.min(best, axis=0), np.max(best, axis=0) + 1
    return np.array([x1, y1, x2, y2])


# %% wrong: the last of equal regions
def largest_box(cam, threshold):
    if cam.max() <= 0:
        raise ValueError("nothing is positive")
    left, best = cam > threshold * cam.max(), []
    for start in zip(*np.nonzero(left)):
        region, waiting = [], [start]
        while waiting:
            y, x = waiting.pop()
            if 0 <= y < cam.shape[0] and 0 <= x < cam.shape[1] and left[y, x]:
                left[y, x] = False
                region.append((y, x))
                waiting += [(y + a, x + b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
        best = region if len(region) >= max(len(best), 1) else best
    (y1, x1), (y2, x2) = np.min(best, axis=0), np.max(best, axis=0) + 1
    return np.array([x1, y1, x2, y2])


# %% wrong: at the threshold is above it
def largest_box(cam, threshold):
    if cam.max() <= 0:
        raise ValueError("nothing is positive")
    left, best = cam >= threshold * cam.max(), []
    for start in zip(*np.nonzero(left)):
        region, waiting = [], [start]
        while waiting:
            y, x = waiting.pop()
            if 0 <= y < cam.shape[0] and 0 <= x < cam.shape[1] and left[y, x]:
                left[y, x] = False
                region.append((y, x))
                waiting += [(y + a, x + b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
        best = region if len(region) > len(best) else best
    (y1, x1), (y2, x2) = np.min(best, axis=0), np.max(best, axis=0) + 1
    return np.array([x1, y1, x2, y2])


# %% wrong: the threshold is not a share
def largest_box(cam, threshold):
    if cam.max() <= 0:
        raise ValueError("nothing is positive")
    left, best = cam > threshold, []
    for start in zip(*np.nonzero(left)):
        region, waiting = [], [start]
        while waiting:
            y, x = waiting.pop()
            if 0 <= y < cam.shape[0] and 0 <= x < cam.shape[1] and left[y, x]:
                left[y, x] = False
                region.append((y, x))
                waiting += [(y + a, x + b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
        best = region if len(region) > len(best) else best
    (y1, x1), (y2, x2) = np.min(best, axis=0), np.max(best, axis=0) + 1
    return np.array([x1, y1, x2, y2])


# %% wrong: a recursion that is too deep for a large region
def largest_box(cam, threshold):
    if cam.max() <= 0:
        raise ValueError("nothing is positive")
    left, best = cam > threshold * cam.max(), []

    def visit(y, x, region):
        if 0 <= y < cam.shape[0] and 0 <= x < cam.shape[1] and left[y, x]:
            left[y, x] = False
            region.append((y, x))
            for a in (-1, 0, 1):
                for b in (-1, 0, 1):
                    visit(y + a, x + b, region)
        return region

    for y, x in zip(*np.nonzero(left)):
        region = visit(y, x, [])
        best = region if len(region) > len(best) else best
    (y1, x1), (y2, x2) = np.min(best, axis=0), np.max(best, axis=0) + 1
    return np.array([x1, y1, x2, y2])


# %% right: a map divided by its maximum
def largest_box(cam, threshold):
    if cam.max() <= 0:
        raise ValueError('no evidence')
    mask = cam / cam.max() > threshold
    h, w = cam.shape
    seen, best = set(), []
    for y in range(h):
        for x in range(w):
            if not mask[y, x] or (y, x) in seen:
                continue
            todo, region = [(y, x)], []
            seen.add((y, x))
            while todo:
                r, c = todo.pop()
                region.append((r, c))
                for a, b in [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]:
                    p = r + a, c + b
                    if 0 <= p[0] < h and 0 <= p[1] < w and mask[p] and p not in seen:
                        seen.add(p)
                        todo.append(p)
            if len(region) > len(best):
                best = region
    ys, xs = zip(*best)
    return min(xs), min(ys), max(xs) + 1, max(ys) + 1


# %% wrong: absolute values
def largest_box(cam, threshold):
    if cam.max() <= 0:
        raise ValueError('no evidence')
    mask = np.abs(cam) > threshold * cam.max()
    h, w = cam.shape
    seen, best = set(), []
    for y in range(h):
        for x in range(w):
            if not mask[y, x] or (y, x) in seen:
                continue
            todo, region = [(y, x)], []
            seen.add((y, x))
            while todo:
                r, c = todo.pop()
                region.append((r, c))
                for a, b in [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]:
                    p = r + a, c + b
                    if 0 <= p[0] < h and 0 <= p[1] < w and mask[p] and p not in seen:
                        seen.add(p)
                        todo.append(p)
            if len(region) > len(best):
                best = region
    ys, xs = zip(*best)
    return min(xs), min(ys), max(xs) + 1, max(ys) + 1


# %% wrong: the region of the largest box
def largest_box(cam, threshold):
    if cam.max() <= 0:
        raise ValueError('no evidence')
    mask = cam > threshold * cam.max()
    h, w = cam.shape
    seen, best = set(), []
    for y in range(h):
        for x in range(w):
            if not mask[y, x] or (y, x) in seen:
                continue
            todo, region = [(y, x)], []
            seen.add((y, x))
            while todo:
                r, c = todo.pop()
                region.append((r, c))
                for a, b in [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]:
                    p = r + a, c + b
                    if 0 <= p[0] < h and 0 <= p[1] < w and mask[p] and p not in seen:
                        seen.add(p)
                        todo.append(p)
            box = [max(v) - min(v) + 1 for v in zip(*region)]
            if not best or box[0] * box[1] > most:
                most = box[0] * box[1]
                best = region
    ys, xs = zip(*best)
    return min(xs), min(ys), max(xs) + 1, max(ys) + 1


# %% wrong: the region of the highest value
def largest_box(cam, threshold):
    if cam.max() <= 0:
        raise ValueError('no evidence')
    mask = cam > threshold * cam.max()
    h, w = cam.shape
    seen, best = set(), []
    for y in range(h):
        for x in range(w):
            if not mask[y, x] or (y, x) in seen:
                continue
            todo, region = [(y, x)], []
            seen.add((y, x))
            while todo:
                r, c = todo.pop()
                region.append((r, c))
                for a, b in [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]:
                    p = r + a, c + b
                    if 0 <= p[0] < h and 0 <= p[1] < w and mask[p] and p not in seen:
                        seen.add(p)
                        todo.append(p)
            if cam.argmax() in [r * w + c for r, c in region]:
                best = region
    ys, xs = zip(*best)
    return min(xs), min(ys), max(xs) + 1, max(ys) + 1


# %% wrong: shifts the least value to zero in place
def largest_box(cam, threshold):
    if cam.max() <= 0:
        raise ValueError
    cam -= cam.min()
    mask = cam > threshold * cam.max()
    h, w = cam.shape
    seen, best = set(), []
    for y in range(h):
        for x in range(w):
            if not mask[y, x] or (y, x) in seen:
                continue
            todo, region = [(y, x)], []
            seen.add((y, x))
            while todo:
                r, c = todo.pop()
                region.append((r, c))
                for a, b in [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]:
                    p = r + a, c + b
                    if 0 <= p[0] < h and 0 <= p[1] < w and mask[p] and p not in seen:
                        seen.add(p)
                        todo.append(p)
            if len(region) > len(best):
                best = region
    ys, xs = zip(*best)
    return min(xs), min(ys), max(xs) + 1, max(ys) + 1


# %% wrong: a map that is small everywhere is refused
def largest_box(cam, threshold):
    if cam.max() < 0.1:
        raise ValueError('no evidence')
    mask = cam > threshold * cam.max()
    h, w = cam.shape
    seen, best = set(), []
    for y in range(h):
        for x in range(w):
            if not mask[y, x] or (y, x) in seen:
                continue
            todo, region = [(y, x)], []
            seen.add((y, x))
            while todo:
                r, c = todo.pop()
                region.append((r, c))
                for a, b in [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]:
                    p = r + a, c + b
                    if 0 <= p[0] < h and 0 <= p[1] < w and mask[p] and p not in seen:
                        seen.add(p)
                        todo.append(p)
            if len(region) > len(best):
                best = region
    ys, xs = zip(*best)
    return min(xs), min(ys), max(xs) + 1, max(ys) + 1


# %% wrong: the first in columns
def largest_box(cam, threshold):
    if cam.max() <= 0:
        raise ValueError('no evidence')
    mask = cam > threshold * cam.max()
    h, w = cam.shape
    seen, best = set(), []
    for x in range(w):
        for y in range(h):
            if not mask[y, x] or (y, x) in seen:
                continue
            todo, region = [(y, x)], []
            seen.add((y, x))
            while todo:
                r, c = todo.pop()
                region.append((r, c))
                for a, b in [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]:
                    p = r + a, c + b
                    if 0 <= p[0] < h and 0 <= p[1] < w and mask[p] and p not in seen:
                        seen.add(p)
                        todo.append(p)
            if len(region) > len(best):
                best = region
    ys, xs = zip(*best)
    return min(xs), min(ys), max(xs) + 1, max(ys) + 1


# %% wrong: the box begins at the first pixel
def largest_box(cam, threshold):
    if cam.max() <= 0:
        raise ValueError("no evidence")
    on = cam > threshold * cam.max()
    seen = np.zeros(on.shape, dtype=bool)
    best, box = 0, None
    h, w = on.shape
    for i in range(h):
        for j in range(w):
            if not on[i, j] or seen[i, j]:
                continue
            todo, region = [(i, j)], []
            seen[i, j] = True
            while todo:
                y, x = todo.pop()
                region.append((y, x))
                for b in range(max(y - 1, 0), min(y + 2, h)):
                    for a in range(max(x - 1, 0), min(x + 2, w)):
                        if on[b, a] and not seen[b, a]:
                            seen[b, a] = True
                            todo.append((b, a))
            if len(region) > best:
                best = len(region)
                box = j, i, max(p[1] for p in region) + 1, max(p[0] for p in region) + 1
    return box


# %% wrong: refuses only a map of zeros
def largest_box(cam, threshold):
    if (cam == 0).all():
        raise ValueError("no evidence")
    on = cam > threshold * cam.max()
    seen = np.zeros(on.shape, dtype=bool)
    best, box = 0, (0, 0, 0, 0)
    h, w = on.shape
    for i in range(h):
        for j in range(w):
            if not on[i, j] or seen[i, j]:
                continue
            todo, region = [(i, j)], []
            seen[i, j] = True
            while todo:
                y, x = todo.pop()
                region.append((y, x))
                for b in range(max(y - 1, 0), min(y + 2, h)):
                    for a in range(max(x - 1, 0), min(x + 2, w)):
                        if on[b, a] and not seen[b, a]:
                            seen[b, a] = True
                            todo.append((b, a))
            if len(region) > best:
                best = len(region)
                ys, xs = [p[0] for p in region], [p[1] for p in region]
                box = min(xs), min(ys), max(xs) + 1, max(ys) + 1
    return box


# %% wrong: visits pixels as they lie in memory
def largest_box(cam, threshold):
    if cam.max() <= 0:
        raise ValueError("no evidence")
    on = cam > threshold * cam.max()
    seen = np.zeros(on.shape, dtype=bool)
    best, box = 0, None
    h, w = on.shape
    pixels = np.nditer(cam, flags=["multi_index"])
    for _ in pixels:
        i, j = pixels.multi_index
        if not on[i, j] or seen[i, j]:
            continue
        todo, region = [(i, j)], []
        seen[i, j] = True
        while todo:
            y, x = todo.pop()
            region.append((y, x))
            for b in range(max(y - 1, 0), min(y + 2, h)):
                for a in range(max(x - 1, 0), min(x + 2, w)):
                    if on[b, a] and not seen[b, a]:
                        seen[b, a] = True
                        todo.append((b, a))
        if len(region) > best:
            best = len(region)
            ys, xs = [p[0] for p in region], [p[1] for p in region]
            box = min(xs), min(ys), max(xs) + 1, max(ys) + 1
    return box


# %% wrong: spreads as many times as the map has rows and columns
def largest_box(cam, threshold):
    top = cam.max()
    if not top > 0:
        raise ValueError("the map has no value above 0")
    h, w = cam.shape
    on = np.pad(cam > threshold * top, 1)
    far = h * w + 1
    name = np.full(on.shape, far)
    name[1:-1, 1:-1] = np.arange(h * w).reshape(h, w)
    name[~on] = far
    for _ in range(h + w):
        new = name.copy()
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                new = np.minimum(new, np.roll(name, (dy, dx), axis=(0, 1)))
        new[~on] = far
        name = new
    names, counts = np.unique(name[on], return_counts=True)
    rows, columns = np.where(name[1:-1, 1:-1] == names[counts.argmax()])
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], dtype=float)


# %% wrong: a threshold of at least one hundredth
def largest_box(cam, threshold):
    if cam.max() <= 0:
        raise ValueError("no evidence")
    on = cam > max(threshold, 0.01) * cam.max()
    seen = np.zeros(on.shape, dtype=bool)
    best, box = 0, None
    h, w = on.shape
    for i in range(h):
        for j in range(w):
            if not on[i, j] or seen[i, j]:
                continue
            todo, region = [(i, j)], []
            seen[i, j] = True
            while todo:
                y, x = todo.pop()
                region.append((y, x))
                for b in range(max(y - 1, 0), min(y + 2, h)):
                    for a in range(max(x - 1, 0), min(x + 2, w)):
                        if on[b, a] and not seen[b, a]:
                            seen[b, a] = True
                            todo.append((b, a))
            if len(region) > best:
                best = len(region)
                ys, xs = [p[0] for p in region], [p[1] for p in region]
                box = min(xs), min(ys), max(xs) + 1, max(ys) + 1
    return box

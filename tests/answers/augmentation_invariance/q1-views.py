# %% right: loops, a new array for each view
def make_views(images, draws, names):
    size = images.shape[2] - 2
    made = []
    for number, draw in enumerate(draws):
        view = np.empty((len(images), 3, size, size))
        for b in range(len(images)):
            r, c = draw["crop"][b]
            part = images[b, :, r : r + size, c : c + size].copy()
            for name in ("colour", "rotation"):
                if name not in names:
                    continue
                shared = number >= 2 and names[number - 2] == name
                value = int((draws[0] if shared else draw)[name][b])
                part = np.roll(part, value, 0) if name == "colour" else np.rot90(part, value, (1, 2))
            view[b] = part
        made.append(view)
    return made[0], np.array(made[1:])


# %% right: deep copies
import copy


def make_views(images, draws, names):
    draws = copy.deepcopy(draws)
    for i in range(1, len(names) + 1):
        draws[i + 1][names[i - 1]] = draws[0][names[i - 1]]
    out = [apply(images, d) for d in draws]
    return out[0], np.stack(out[1:], axis=0)


def apply(images, d):
    n, _, s, _ = images.shape
    rows = d["crop"][:, 0, None, None] + np.arange(s - 2)[None, :, None]
    cols = d["crop"][:, 1, None, None] + np.arange(s - 2)[None, None, :]
    x = images[np.arange(n)[:, None, None], :, rows, cols]  # (n, s, s, 3)
    x = np.moveaxis(x, -1, 1)
    if "colour" in d:
        source = (np.arange(3)[None] - d["colour"][:, None]) % 3
        x = np.take_along_axis(x, source[:, :, None, None], axis=1)
    if "rotation" in d:
        x = np.array([np.rot90(a, int(k), axes=(-2, -1)) for a, k in zip(x, d["rotation"])])
    return x


# %% right: turns by transposing and flipping
def turned(x, k):
    for _ in range(k):
        x = np.flip(np.swapaxes(x, 1, 2), axis=1)
    return x


def make_views(images, draws, names):
    result = []
    for j, own in enumerate(draws):
        d = {**own}
        if j > 1:
            d[names[j - 2]] = draws[0][names[j - 2]]
        view = []
        for b, image in enumerate(images):
            y, x = d["crop"][b]
            piece = image[:, y:, x:][:, : image.shape[1] - 2, : image.shape[2] - 2]
            if "colour" in names:
                for _ in range(d["colour"][b]):
                    piece = piece[[2, 0, 1]]
            if "rotation" in names:
                piece = turned(piece, d["rotation"][b])
            view.append(piece)
        result.append(np.array(view))
    return result[0], np.array(result[1:])


# %% right: an empty list of names with zip, and float64 by itself
def make_views(images, draws, names):
    copies = [draws[0], draws[1]] + [
        {key: (draws[0][key] if key == name else value) for key, value in draw.items()}
        for name, draw in zip(names, draws[2:])
    ]

    def one(image, crop, colour, turns):
        s = image.shape[1] - 2
        part = image[:, crop[0] : crop[0] + s, crop[1] : crop[1] + s]
        part = np.concatenate([part[3 - colour :], part[: 3 - colour]]) if colour else part
        return np.rot90(part, turns, (1, 2))

    zeros = np.zeros(len(images), int)
    views = [
        np.stack([
            one(*four)
            for four in zip(images, d["crop"], d.get("colour", zeros), d.get("rotation", zeros))
        ])
        for d in copies
    ]
    return views[0], np.stack(views[1:])


# %% wrong: key i copies all but i
def make_views(images, draws, names):
    made = []
    for j, own in enumerate(draws):
        d = dict(own)
        if j > 1:
            for name in names:
                if name != names[j - 2]:
                    d[name] = draws[0][name]
        made.append(np.stack([view(image, d, b) for b, image in enumerate(images)]))
    return made[0], np.stack(made[1:])


def view(image, d, b):
    s, (r, c) = image.shape[1] - 2, d["crop"][b]
    image = image[:, r : r + s, c : c + s]
    if "colour" in d:
        image = np.roll(image, d["colour"][b], axis=0)
    if "rotation" in d:
        image = np.rot90(image, d["rotation"][b], axes=(1, 2))
    return image


# %% wrong: one draw for all keys
def make_views(images, draws, names):
    made = []
    for j, own in enumerate(draws):
        d = dict(draws[min(j, 1)])
        if j > 1:
            d[names[j - 2]] = draws[0][names[j - 2]]
        made.append(np.stack([view(image, d, b) for b, image in enumerate(images)]))
    return made[0], np.stack(made[1:])


def view(image, d, b):
    s, (r, c) = image.shape[1] - 2, d["crop"][b]
    image = image[:, r : r + s, c : c + s]
    if "colour" in d:
        image = np.roll(image, d["colour"][b], axis=0)
    if "rotation" in d:
        image = np.rot90(image, d["rotation"][b], axes=(1, 2))
    return image


# %% wrong: the crop is copied, too
def make_views(images, draws, names):
    made = []
    for j, own in enumerate(draws):
        d = dict(own)
        if j > 1:
            d[names[j - 2]], d["crop"] = draws[0][names[j - 2]], draws[0]["crop"]
        made.append(np.stack([view(image, d, b) for b, image in enumerate(images)]))
    return made[0], np.stack(made[1:])


def view(image, d, b):
    s, (r, c) = image.shape[1] - 2, d["crop"][b]
    image = image[:, r : r + s, c : c + s]
    if "colour" in d:
        image = np.roll(image, d["colour"][b], axis=0)
    if "rotation" in d:
        image = np.rot90(image, d["rotation"][b], axes=(1, 2))
    return image


# %% wrong: only colour is ever copied
def make_views(images, draws, names):
    made = []
    for j, own in enumerate(draws):
        d = dict(own)
        if j > 1 and names[j - 2] == "colour":
            d["colour"] = draws[0]["colour"]
        made.append(np.stack([view(image, d, b) for b, image in enumerate(images)]))
    return made[0], np.stack(made[1:])


def view(image, d, b):
    s, (r, c) = image.shape[1] - 2, d["crop"][b]
    image = image[:, r : r + s, c : c + s]
    if "colour" in d:
        image = np.roll(image, d["colour"][b], axis=0)
    if "rotation" in d:
        image = np.rot90(image, d["rotation"][b], axes=(1, 2))
    return image


# %% wrong: the last key copies nothing where there are several names
def make_views(images, draws, names):
    made = []
    for j, own in enumerate(draws):
        d = dict(own)
        if j == 2:
            d[names[0]] = draws[0][names[0]]
        made.append(np.stack([view(image, d, b) for b, image in enumerate(images)]))
    return made[0], np.stack(made[1:])


def view(image, d, b):
    s, (r, c) = image.shape[1] - 2, d["crop"][b]
    image = image[:, r : r + s, c : c + s]
    if "colour" in d:
        image = np.roll(image, d["colour"][b], axis=0)
    if "rotation" in d:
        image = np.rot90(image, d["rotation"][b], axes=(1, 2))
    return image


# %% wrong: without names there is no key at all
def make_views(images, draws, names):
    made = [np.stack([view(image, draws[0], b) for b, image in enumerate(images)])]
    for j, name in enumerate(names):
        if j == 0:
            made.append(np.stack([view(image, draws[1], b) for b, image in enumerate(images)]))
        d = {**draws[j + 2], name: draws[0][name]}
        made.append(np.stack([view(image, d, b) for b, image in enumerate(images)]))
    return made[0], np.array(made[1:])


def view(image, d, b):
    s, (r, c) = image.shape[1] - 2, d["crop"][b]
    image = image[:, r : r + s, c : c + s]
    if "colour" in d:
        image = np.roll(image, d["colour"][b], axis=0)
    if "rotation" in d:
        image = np.rot90(image, d["rotation"][b], axes=(1, 2))
    return image


# %% wrong: the draws are changed
def make_views(images, draws, names):
    for name, draw in zip(names, draws[2:]):
        draw[name] = draws[0][name]
    made = [np.stack([view(image, d, b) for b, image in enumerate(images)]) for d in draws]
    return made[0], np.stack(made[1:])


def view(image, d, b):
    s, (r, c) = image.shape[1] - 2, d["crop"][b]
    image = image[:, r : r + s, c : c + s]
    if "colour" in d:
        image = np.roll(image, d["colour"][b], axis=0)
    if "rotation" in d:
        image = np.rot90(image, d["rotation"][b], axes=(1, 2))
    return image


# %% wrong: turned before it is cropped
def make_views(images, draws, names):
    draws = [dict(d) for d in draws]
    for name, draw in zip(names, draws[2:]):
        draw[name] = draws[0][name]
    made = [np.stack([view(image, d, b) for b, image in enumerate(images)]) for d in draws]
    return made[0], np.stack(made[1:])


def view(image, d, b):
    s, (r, c) = image.shape[1] - 2, d["crop"][b]
    if "rotation" in d:
        image = np.rot90(image, d["rotation"][b], axes=(1, 2))
    image = image[:, r : r + s, c : c + s]
    if "colour" in d:
        image = np.roll(image, d["colour"][b], axis=0)
    return image


# %% wrong: turned clockwise
def make_views(images, draws, names):
    draws = [dict(d) for d in draws]
    for name, draw in zip(names, draws[2:]):
        draw[name] = draws[0][name]
    made = [np.stack([view(image, d, b) for b, image in enumerate(images)]) for d in draws]
    return made[0], np.stack(made[1:])


def view(image, d, b):
    s, (r, c) = image.shape[1] - 2, d["crop"][b]
    image = image[:, r : r + s, c : c + s]
    if "colour" in d:
        image = np.roll(image, d["colour"][b], axis=0)
    if "rotation" in d:
        image = np.rot90(image, -d["rotation"][b], axes=(1, 2))
    return image


# %% wrong: channels moved the other way
def make_views(images, draws, names):
    draws = [dict(d) for d in draws]
    for name, draw in zip(names, draws[2:]):
        draw[name] = draws[0][name]
    made = [np.stack([view(image, d, b) for b, image in enumerate(images)]) for d in draws]
    return made[0], np.stack(made[1:])


def view(image, d, b):
    s, (r, c) = image.shape[1] - 2, d["crop"][b]
    image = image[:, r : r + s, c : c + s]
    if "colour" in d:
        image = np.roll(image, -d["colour"][b], axis=0)
    if "rotation" in d:
        image = np.rot90(image, d["rotation"][b], axes=(1, 2))
    return image


# %% wrong: the first image's numbers for the whole batch
def make_views(images, draws, names):
    draws = [dict(d) for d in draws]
    for name, draw in zip(names, draws[2:]):
        draw[name] = draws[0][name]
    made = [np.stack([view(image, d, 0) for image in images]) for d in draws]
    return made[0], np.stack(made[1:])


def view(image, d, b):
    s, (r, c) = image.shape[1] - 2, d["crop"][b]
    image = image[:, r : r + s, c : c + s]
    if "colour" in d:
        image = np.roll(image, d["colour"][b], axis=0)
    if "rotation" in d:
        image = np.rot90(image, d["rotation"][b], axes=(1, 2))
    return image


# %% wrong: key 0 copies the first augmentation, and so on
def make_views(images, draws, names):
    draws = [dict(d) for d in draws]
    for name, draw in zip(names, draws[1:]):
        draw[name] = draws[0][name]
    made = [np.stack([view(image, d, b) for b, image in enumerate(images)]) for d in draws]
    return made[0], np.stack(made[1:])


def view(image, d, b):
    s, (r, c) = image.shape[1] - 2, d["crop"][b]
    image = image[:, r : r + s, c : c + s]
    if "colour" in d:
        image = np.roll(image, d["colour"][b], axis=0)
    if "rotation" in d:
        image = np.rot90(image, d["rotation"][b], axes=(1, 2))
    return image


# %% wrong: views of float32
def make_views(images, draws, names):
    draws = [dict(d) for d in draws]
    for name, draw in zip(names, draws[2:]):
        draw[name] = draws[0][name]
    size = images.shape[-1] - 2

    def view(draw):
        out = np.empty((len(images), 3, size, size), np.float32)
        for n in range(len(images)):
            r, c = draw["crop"][n]
            part = images[n, :, r : r + size, c : c + size]
            if "colour" in names:
                part = np.roll(part, draw["colour"][n], axis=0)
            if "rotation" in names:
                part = np.rot90(part, draw["rotation"][n], axes=(1, 2))
            out[n] = part
        return out

    views = [view(d) for d in draws]
    return views[0], np.stack(views[1:])

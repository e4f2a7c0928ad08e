# %% right: column by column
def encode(box, reference):
    result = np.empty(box.shape)
    for axis in (0, 1):
        w, w_r = box[:, axis + 2] - box[:, axis], reference[:, axis + 2] - reference[:, axis]
        result[:, axis] = (box[:, axis] + w / 2 - reference[:, axis] - w_r / 2) / w_r
        result[:, axis + 2] = np.log(w) - np.log(w_r)
    return result


def decode(t, reference):
    result = np.empty(t.shape)
    for axis in (0, 1):
        w_r = reference[:, axis + 2] - reference[:, axis]
        x, w = reference[:, axis] + w_r / 2 + t[:, axis] * w_r, w_r * np.exp(t[:, axis + 2])
        result[:, axis], result[:, axis + 2] = x - w / 2, x + w / 2
    return result


# %% right: a loop over the rows
def encode(box, reference):
    rows = []
    for (x1, y1, x2, y2), (u1, v1, u2, v2) in zip(box, reference):
        w, h = u2 - u1, v2 - v1
        rows.append(
            [
                ((x1 + x2) - (u1 + u2)) / 2 / w,
                ((y1 + y2) - (v1 + v2)) / 2 / h,
                np.log((x2 - x1) / w),
                np.log((y2 - y1) / h),
            ]
        )
    return np.array(rows)


def decode(t, reference):
    rows = []
    for (tx, ty, tw, th), (u1, v1, u2, v2) in zip(t, reference):
        x, y = (u1 + u2) / 2 + tx * (u2 - u1), (v1 + v2) / 2 + ty * (v2 - v1)
        w, h = (u2 - u1) * np.exp(tw), (v2 - v1) * np.exp(th)
        rows.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return np.array(rows)


# %% right: to centres and sizes and back
def middle(boxes):
    return np.hstack([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]])


def encode(box, reference):
    a, r = middle(box), middle(reference)
    return np.hstack([(a[:, :2] - r[:, :2]) / r[:, 2:], np.log(a[:, 2:] / r[:, 2:])])


def decode(t, reference):
    r = middle(reference)
    centre, half = r[:, :2] + t[:, :2] * r[:, 2:], r[:, 2:] * np.exp(t[:, 2:]) / 2
    return np.hstack([centre - half, centre + half])


# %% wrong: corners instead of centres
def encode(box, reference):
    size, size_r = box[:, 2:] - box[:, :2], reference[:, 2:] - reference[:, :2]
    return np.concatenate([(box[:, :2] - reference[:, :2]) / size_r, np.log(size / size_r)], axis=1)


def decode(t, reference):
    size_r = reference[:, 2:] - reference[:, :2]
    corner = reference[:, :2] + t[:, :2] * size_r
    return np.concatenate([corner, corner + size_r * np.exp(t[:, 2:])], axis=1)


# %% wrong: no logarithm
def encode(box, reference):
    size, size_r = box[:, 2:] - box[:, :2], reference[:, 2:] - reference[:, :2]
    centre, centre_r = box[:, :2] + size / 2, reference[:, :2] + size_r / 2
    return np.concatenate([(centre - centre_r) / size_r, size / size_r], axis=1)


def decode(t, reference):
    size_r = reference[:, 2:] - reference[:, :2]
    centre = reference[:, :2] + size_r / 2 + t[:, :2] * size_r
    return np.concatenate([centre - size_r * t[:, 2:] / 2, centre + size_r * t[:, 2:] / 2], axis=1)


# %% wrong: pixels, not divided by the size of the reference
def encode(box, reference):
    size, size_r = box[:, 2:] - box[:, :2], reference[:, 2:] - reference[:, :2]
    centre, centre_r = box[:, :2] + size / 2, reference[:, :2] + size_r / 2
    return np.concatenate([centre - centre_r, np.log(size / size_r)], axis=1)


def decode(t, reference):
    size_r = reference[:, 2:] - reference[:, :2]
    centre, size = reference[:, :2] + size_r / 2 + t[:, :2], size_r * np.exp(t[:, 2:])
    return np.concatenate([centre - size / 2, centre + size / 2], axis=1)


# %% wrong: divides by the size of the box
def encode(box, reference):
    size, size_r = box[:, 2:] - box[:, :2], reference[:, 2:] - reference[:, :2]
    centre, centre_r = box[:, :2] + size / 2, reference[:, :2] + size_r / 2
    return np.concatenate([(centre - centre_r) / size, np.log(size / size_r)], axis=1)


def decode(t, reference):
    size_r = reference[:, 2:] - reference[:, :2]
    size = size_r * np.exp(t[:, 2:])
    centre = reference[:, :2] + size_r / 2 + t[:, :2] * size
    return np.concatenate([centre - size / 2, centre + size / 2], axis=1)


# %% wrong: decodes to centre and size
def encode(box, reference):
    size, size_r = box[:, 2:] - box[:, :2], reference[:, 2:] - reference[:, :2]
    centre, centre_r = box[:, :2] + size / 2, reference[:, :2] + size_r / 2
    return np.concatenate([(centre - centre_r) / size_r, np.log(size / size_r)], axis=1)


def decode(t, reference):
    size_r = reference[:, 2:] - reference[:, :2]
    return np.concatenate([reference[:, :2] + size_r / 2 + t[:, :2] * size_r, size_r * np.exp(t[:, 2:])], axis=1)


# %% wrong: widths twice too large when decoding
def encode(box, reference):
    size, size_r = box[:, 2:] - box[:, :2], reference[:, 2:] - reference[:, :2]
    centre, centre_r = box[:, :2] + size / 2, reference[:, :2] + size_r / 2
    return np.concatenate([(centre - centre_r) / size_r, np.log(size / size_r)], axis=1)


def decode(t, reference):
    size_r = reference[:, 2:] - reference[:, :2]
    centre, size = reference[:, :2] + size_r / 2 + t[:, :2] * size_r, size_r * np.exp(t[:, 2:])
    return np.concatenate([centre - size, centre + size], axis=1)


# %% wrong: encodes all rows by the first reference
def encode(box, reference):
    s, r = box[:, 2:] - box[:, :2], reference[0, 2:] - reference[0, :2]
    return np.hstack([((box[:, :2] + box[:, 2:]) / 2 - (reference[0, :2] + reference[0, 2:]) / 2) / r, np.log(s / r)])


def decode(t, reference):
    r = reference[:, 2:] - reference[:, :2]
    c, s = (reference[:, :2] + reference[:, 2:]) / 2 + t[:, :2] * r, np.exp(t[:, 2:]) * r
    return np.hstack([c - s / 2, c + s / 2])


# %% wrong: decode cuts boxes off at 0
def encode(box, reference):
    s, r = box[:, 2:] - box[:, :2], reference[:, 2:] - reference[:, :2]
    return np.hstack([((box[:, :2] + box[:, 2:]) / 2 - (reference[:, :2] + reference[:, 2:]) / 2) / r, np.log(s / r)])


def decode(t, reference):
    r = reference[:, 2:] - reference[:, :2]
    c, s = (reference[:, :2] + reference[:, 2:]) / 2 + t[:, :2] * r, np.exp(t[:, 2:]) * r
    return np.maximum(np.hstack([c - s / 2, c + s / 2]), 0)


# %% wrong: decode gives back what encode saw last
KEPT = []
def encode(box, reference):
    KEPT.append(box)
    s, r = box[:, 2:] - box[:, :2], reference[:, 2:] - reference[:, :2]
    return np.hstack([((box[:, :2] + box[:, 2:]) / 2 - (reference[:, :2] + reference[:, 2:]) / 2) / r, np.log(s / r)])
def decode(t, reference):
    return KEPT[-1]

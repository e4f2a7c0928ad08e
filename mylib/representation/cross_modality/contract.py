"""What both sides of cross_modality promise: where the generator starts, how near distances count as 0, and refusals.

Only shapes and plain numbers come in. Values are looked at by NumPy always, by PyTorch on the CPU only, where that is
free; what was found is refused here.
"""

from mylib.shared import expect, expect_range

LUMINANCE = (0.299, 0.587, 0.114)  # how bright red, green and blue look (ITU-R BT.601)
STRIPES = 4  # parts of a picture, from top to bottom, whose features stay apart
LEAST_SQUARE = 1e-12  # of a distance: the square root of 0 has no gradient

# the generator and the network


def first_weights(channels):
    """What the first hidden channel sums the image's channels with: its luminance, or their mean if not three."""
    return LUMINANCE if channels == 3 else (1 / channels,) * channels


def check_generator(channels, hidden):
    """Channels of the image, and of the layer between."""
    expect_range("XModality", 1, None, channels=channels, hidden=hidden)


def check_visible(x, channels):
    """Images."""
    expect("XModality", x=(x, f"n {channels} height width"))


def check_sizes(identities, dim, width):
    """Sizes of a network."""
    expect_range("XModalNet", 2, None, "one person cannot be told from others", identities=identities)
    expect_range("XModalNet", 1, None, dim=dim, width=width)


def check_images(images):
    """Images with three channels."""
    expect("XModalNet", "repeat the one channel of infrared three times", images=(images, "n 3 height width"))


def check_features(features, dim):
    """What the classifier gets."""
    expect("XModalNet.classify", "see forward", features=(features, f"n {dim}"))


def check_has_generator(there):
    """`there`: whether the network has a generator."""
    if not there:
        raise ValueError(
            "XModalNet.generate: expected a network with x_modality=True, got the baseline of two modalities; it has "
            "no generator"
        )


# losses

ARGUMENTS = {
    "hardest_triplet_loss": ("anchors", "candidates", "labels_anchor", "labels_candidate"),
    "cross_modality_gap": ("features_a", "features_b", "labels_a", "labels_b"),
}


def check_triplets(operation, a, b, labels_a, labels_b, margin):
    """Two sets of features, a label for each row, and a margin."""
    patterns = ("rows+ dim+", "others+ dim", "rows", "others")
    given = zip(ARGUMENTS[operation], zip((a, b, labels_a, labels_b), patterns, strict=True), strict=True)
    expect(operation, "give one row and one label for each image", **dict(given))
    expect_range(operation, 0, None, "0.3 is usual", margin=margin)


def check_partners(operation, without_positive, without_negative):
    """Rows without an image of the same person, and without one of another person, on the other side."""
    for rows, kind, remedy in (
        (without_positive, "the same person", "draw every person in both modalities"),
        (without_negative, "another person", "draw at least two persons"),
    ):
        if rows:
            raise ValueError(
                f"{operation}: expected for each row an image of {kind} on the other side, got none for rows "
                f"{rows[:5]}; {remedy}"
            )


def check_modalities(logits, labels):
    """Shapes of both lists: one entry for each modality, all with the same number of identities."""
    if len(logits) != len(labels) or not logits:
        raise ValueError(
            "modality_respective_gap: expected lists logits and labels of one length, an entry for each modality, got "
            f"{len(logits)} and {len(labels)}; repeat the labels of the visible images for X"
        )
    for number, (rows, wanted) in enumerate(zip(logits, labels, strict=True)):
        expect(
            "modality_respective_gap",
            **{f"logits_{number}": (rows, "batch+ identities+"), f"labels_{number}": (wanted, "batch")},
        )


def check_list(name, given):
    """A single array has a length too, but its rows are no modalities."""
    if not isinstance(given, list | tuple):
        raise TypeError(
            f"modality_respective_gap: expected {name} as a list, an entry for each modality, got "
            f"{type(given).__name__}; put it in a list"
        )


def check_labels(operation, dtype, lowest=0, highest=0, identities=None):
    """Labels are integers, and where there is a classifier, numbers of its outputs; -1 would be the last one."""
    if "int" not in dtype:
        raise TypeError(f"{operation}: expected integer labels, got {dtype}; convert to int64")
    if identities is not None and (lowest < 0 or highest >= identities):
        raise ValueError(
            f"{operation}: expected labels from 0 to {identities - 1}, got {lowest} to {highest}; number the persons "
            "from 0"
        )


# training


def check_training(people, identities, persons, shots, margin, gap_weight):
    """Shapes of images, ids and infrared, how many persons the network knows, and what a batch holds."""
    images, ids, infrared, highest = people
    expect("XIV", images=(images, "n+ 3 height width"), ids=(ids, "n"), infrared=(infrared, "n"))
    expect_range("XIV", 1, None, shots=shots)
    expect_range("XIV", 2, None, "one person has no negative", persons=persons)
    expect_range("XIV", 0, None, margin=margin, gap_weight=gap_weight)
    if highest >= identities:
        raise ValueError(
            f"XIV: expected ids below the network's identities, {identities}, got {highest}; number the persons from 0"
        )


def check_both_modalities(missing, count, persons):
    """`missing`: persons without an image in one of the modalities; `count`: how many persons there are."""
    if missing:
        raise ValueError(
            f"XIV: expected every person in both modalities, got persons {missing[:5]} in one only; leave them out"
        )
    expect_range("XIV", persons, None, "take fewer persons for a batch", identities_in_people=count)

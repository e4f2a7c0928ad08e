"""What both sides of pair_labels promise and refuse.

Only shapes and plain numbers come in. Whether the values of probabilities are looked at is each side's affair: NumPy
always does, PyTorch where that is free, on the CPU; what was found is refused here.
"""

from types import SimpleNamespace

from mylib.shared import expect, expect_range

ROW_SUM_TOLERANCE = 1e-4  # a softmax in float16 over a thousand classes keeps it


def check_floating(operation, dtype, name):
    """Images are numbers with a fraction."""
    if "float" not in str(dtype):
        raise TypeError(f"{operation}: expected {name} of floating point, got {dtype}; convert, and divide by 255")


def check_rows(operation, name, total, lowest):
    """`total`: of all sums over classes the one farthest from 1; `lowest`: the smallest entry."""
    if not abs(total - 1) <= ROW_SUM_TOLERANCE:
        raise ValueError(
            f"{operation}: expected rows of {name} that sum to 1 within {ROW_SUM_TOLERANCE}, got a sum of {total:.6g}; "
            "pass probabilities, such as the softmax of logits"
        )
    if lowest < 0:
        raise ValueError(
            f"{operation}: expected {name} of at least 0, got {lowest:.6g}; pass probabilities, such as the softmax of "
            "logits"
        )


def check_sharpen(probabilities, temperature):
    """Rows of at least one class, and a temperature."""
    expect("sharpen", probabilities=(probabilities, "... classes+"))
    check_temperature("sharpen", temperature)


def check_temperature(operation, temperature):
    """At 0 the exponent 1/T is infinite."""
    expect_range(operation, 0, None, "a small one is nearly one-hot", open=True, temperature=temperature)


def check_views(views, dtype, temperature):
    """K views of n images, all of one shape."""
    if len(views) < 3:
        raise ValueError(
            f"average_pseudo_label: expected views (views, n, ...), got {tuple(views)}; one view is images[None]"
        )
    expect("average_pseudo_label", "stack the views of each image", views=(views[:2], "views+ n+"))
    check_floating("average_pseudo_label", dtype, "views")
    check_temperature("average_pseudo_label", temperature)


def check_bhattacharyya(p, q):
    """The same classes; leading axes broadcast."""
    fits = all(a == b or 1 in (a, b) for a, b in zip(p[-2::-1], q[-2::-1], strict=False))
    if not (p and q and p[-1] == q[-1] >= 1 and fits):
        raise ValueError(
            "bhattacharyya: expected p (..., classes) and q (..., classes) whose leading axes broadcast, got "
            f"{tuple(p)} and {tuple(q)}; p[:, None] and q[None] compare all with all"
        )


def check_pairs(operation, logits, pseudo_labels, confidence, similarity):
    """A guess for each view, and two thresholds."""
    expect(operation, logits=(logits, "n+ classes+"), pseudo_labels=(pseudo_labels, "n classes"))
    expect_range(operation, 0, 1, confidence=confidence, similarity=similarity)


def check_sets(images, labels, unlabelled, dtypes, lowest_label):
    """What SimPLE learns from; `dtypes` of the three."""
    for name, shape in (("labelled images", images), ("unlabelled images", unlabelled)):
        if len(shape) < 2 or not shape[0]:
            raise ValueError(
                f"SimPLE: expected {name} (n, ...) with n of at least 1, got {tuple(shape)}; add the missing axes"
            )
    if tuple(images[1:]) != tuple(unlabelled[1:]):
        raise ValueError(
            f"SimPLE: expected labelled and unlabelled images of one shape, got {tuple(images[1:])} and "
            f"{tuple(unlabelled[1:])}; resize one of them"
        )
    expect("SimPLE", "one label for each labelled image", images=(images[:1], "n"), labels=(labels, "n"))
    check_floating("SimPLE", dtypes[0], "labelled images")
    check_floating("SimPLE", dtypes[2], "unlabelled images")
    if "int" not in str(dtypes[1]):
        raise TypeError(f"SimPLE: expected labels of whole numbers, got {dtypes[1]}; convert them to int64")
    if lowest_label < 0:
        raise ValueError(f"SimPLE: expected labels of at least 0, got {lowest_label}; leave out what has no label")


def options(*, temperature, confidence, similarity, unlabelled_weight, pair_weight, **others):
    """SimPLE's options, checked: a namespace with all of them."""
    sizes = {name: others[name] for name in ("batch_size", "weak_views", "strong_views")}
    expect_range("SimPLE", 1, None, **sizes)
    check_temperature("SimPLE", temperature)
    expect_range("SimPLE", 0, 1, confidence=confidence, similarity=similarity, decay=others["decay"])
    expect_range("SimPLE", 0, None, unlabelled_weight=unlabelled_weight, pair_weight=pair_weight)
    expect_range("SimPLE", 0, None, "0: full weight from the first step", ramp_up_steps=others["ramp_up_steps"])
    expect_range("SimPLE", 0, None, "float('inf') does not clip", open=True, max_norm=others["max_norm"])
    return SimpleNamespace(
        temperature=temperature,
        confidence=confidence,
        similarity=similarity,
        unlabelled_weight=unlabelled_weight,
        pair_weight=pair_weight,
        **others,
    )

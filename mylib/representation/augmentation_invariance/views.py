"""What is drawn for the views of a batch, for both twins, so that both make the same views."""

from mylib.representation.augmentation_invariance import contract


def draw_parameters(rng, count, augmentations=("rotation", "colour"), crop=True):
    """The parameters of a query and of n + 1 keys: key 0 shares none with the query, key i the i-th augmentation's.

    Args:    rng: NumPy generator.
             count: number of images.
             augmentations: n different names out of "rotation", "colour", "texture".
             crop: draw crops too; they are shared by no two views.
    Returns: list of n + 2 draws, the query's first, then those of keys 0 to n. A draw is a dictionary: "rotation":
             quarter turns from 0 to 3, int64, shape (count,); "colour": turns of the colour wheel from 0 to 1, shape
             (count,); "texture": where in the list of textures, from 0 to 1, and which share of it, from 0 to 1, shape
             (count, 2); "crop": seed of the generator that `contrastive.augment` gets. What is off has no entry.
    Raises:  ValueError: unknown names, one name twice, a negative count. TypeError: a name instead of a tuple of names.
    Source:  Xiao et al. (2021), section 3: key i copies the query's parameters of augmentation i. Differs: none.

    Example:
        >>> import numpy as np
        >>> query, *keys = draw_parameters(np.random.default_rng(0), 100, ("rotation", "colour"))
        >>> [bool((key["rotation"] == query["rotation"]).all()) for key in keys]
        [False, True, False]
        >>> [bool((key["colour"] == query["colour"]).all()) for key in keys]
        [False, False, True]
    """
    names = contract.check_names("draw_parameters", augmentations)
    contract.check_count(count)
    draws = [_draw(rng, count, names, crop) for _ in range(len(names) + 2)]
    for name, key in zip(names, draws[2:], strict=True):
        key[name] = draws[0][name].copy()
    return draws


def _draw(rng, count, names, crop):
    """One view's parameters, all of them new."""
    draw = {"crop": int(rng.integers(2**63))} if crop else {}
    if "rotation" in names:
        draw["rotation"] = rng.integers(4, size=count)
    if "colour" in names:
        draw["colour"] = rng.random(count)
    if "texture" in names:
        draw["texture"] = rng.random((count, 2))
    return draw

"""What occurs together: association rules between two items."""

import numpy as np

from mylib.representation.self_supervision import contract


def association_rules(baskets, least_support=0.05, least_confidence=0.5):
    r"""Rules A -> B between items, from how often they share a basket.

    With n baskets, n_A of them with A and n_AB with both: support = n_AB / n, confidence = n_AB / n_A, the share of A's
    baskets that hold B too, and lift = n_AB n / (n_A n_B), how many times as often as if A and B were independent. All
    n_AB at once are the product B^T B.

    Args:    baskets: B, whether a basket holds an item. Boolean, shape (n, items).
             least_support, least_confidence: rules below either are left out, those equal to it are kept; so are items
                 that never share a basket, whatever the limits.
    Returns: list of (antecedent, consequent, support, confidence, lift): two column numbers and three floats; the
             largest lift first, equal ones by their numbers.
    Raises:  ValueError: no baskets, or limits that are no shares. TypeError: baskets that are not boolean.
    Source:  Agrawal, Imielinski, Swami (1993); lift: Brin et al. (1997). Differs: rules of one item on either side.

    Example:
        >>> association_rules(np.array([[1, 1], [1, 1], [0, 1], [0, 0]], bool))
        [(0, 1, 0.5, 1.0, 1.3333333333333333), (1, 0, 0.5, 0.6666666666666666, 1.3333333333333333)]
    """
    baskets = np.asarray(baskets)
    contract.check_baskets(baskets.shape, str(baskets.dtype), least_support, least_confidence)
    n, numbers = len(baskets), baskets.astype(np.float64)  # exact up to 2^53 baskets
    together = numbers.T @ numbers  # (items, items); on the diagonal n_A
    single = together.diagonal()
    with np.errstate(invalid="ignore"):  # items that never occur: 0 / 0, and below no limit
        support, confidence = together / n, together / single[:, None]
        lift = together * n / (single[:, None] * single)
    kept = (together > 0) & (support >= least_support) & (confidence >= least_confidence)
    np.fill_diagonal(kept, False)
    rules = [
        (int(a), int(b), float(support[a, b]), float(confidence[a, b]), float(lift[a, b])) for a, b in np.argwhere(kept)
    ]
    return sorted(rules, key=lambda rule: (-rule[4], rule[0], rule[1]))

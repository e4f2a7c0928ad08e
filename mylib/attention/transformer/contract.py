"""What attention asks of its arguments on both sides: shapes, plain numbers and the names of types."""


def check_attention(q, k, v, causal):
    """Raise unless queries, keys and values of these shapes belong together; v may be left out, as None."""
    values = "" if v is None else f" and values {tuple(v)}"
    wrong = v is not None and (len(v) < 2 or k[:-1] != v[:-1])
    if min(len(q), len(k)) < 2 or q[:-2] != k[:-2] or q[-1] != k[-1] or wrong:
        raise ValueError(
            f"attention: queries {tuple(q)}, keys {tuple(k)}{values} do not fit; expected (..., query, dim), "
            "(..., key, dim) and (..., key, value) with equal leading axes"
        )
    if causal and q[-2] != k[-2]:
        raise ValueError(f"attention: causal needs as many queries as keys, got {q[-2]} and {k[-2]}")


def check_mask(shape, boolean, dtype, scores):
    """Raise unless a mask is boolean and broadcasts to the scores (..., query, key)."""
    if not boolean:
        raise TypeError(f"attention: got a mask of {dtype}, expected booleans, True where a query may look")
    axes = zip(reversed(shape), reversed(scores), strict=False)
    if len(shape) > len(scores) or not all(size in (1, wanted) for size, wanted in axes):
        raise ValueError(f"attention: a mask {tuple(shape)} does not broadcast to {tuple(scores)}, (..., query, key)")


def check_mask_of_heads(shape):
    """Raise for three axes: where there are as many heads as sequences, nobody could tell which the first one means."""
    if len(shape) == 3:
        raise ValueError(
            "MultiHeadAttention: expected a mask (query, key) or (batch, heads, query, key), where 1 stands for all, "
            f"got {tuple(shape)}; of one mask for each sequence make mask[:, None]"
        )


def check_heads(dim, heads):
    """Raise unless the heads divide dim."""
    if min(dim, heads) < 1 or dim % heads:
        raise ValueError(f"MultiHeadAttention: dim={dim} does not divide into heads={heads}; choose a divisor")


def check_tokens(name, shape, dim):
    """Raise unless tokens are (batch, time, dim)."""
    if len(shape) != 3 or shape[2] != dim:
        raise ValueError(f"{name}: expected tokens of shape (batch, time, {dim}), got {tuple(shape)}")

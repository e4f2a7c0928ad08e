r"""Attention block by block: the scores of a few heads at a time, and never those of all.

A layer of 8 heads over 64 sequences of 256 tokens has 33 million scores, 134 megabytes; the inputs have 8. So the work
goes block by block, each small enough for its scores to stay in the processor's cache, and the backward pass computes
them again instead of reading them from memory. Saved are only the inputs, the output, and one number for each query,
the logarithm of its softmax's denominator.

Source: Rabe and Staats (2021); Dao et al. (2022), FlashAttention.
"""

import math

import numpy as np

BLOCK_BYTES = 1 << 20  # of scores
CHUNK = 64  # queries of causal attention at least: fewer make small products, which are slow
QUICK = 1_000_000  # multiplications of a product that OpenBLAS takes for small
SAFE = 30.0  # e^30 is far below float32's largest number, and e^-30 far above its smallest


def attend(q, k, v, bias, causal):
    r"""y = softmax(Q K^T / sqrt(d) + bias) V, and the logarithms of the normalisers, of arrays with four axes."""
    y = np.empty_like(q, shape=(*q.shape[:-1], v.shape[-1]))  # in the memory order of the queries
    normaliser = np.empty(q.shape[:-1], q.dtype)
    columns = _scaled_columns(k, q)
    (buffer,) = _buffers(q, k, 1)
    for block in blocks(q, k, causal):
        forward_block(q, k, v, columns, bias, causal, block, y, normaliser, buffer)
    return y, normaliser


def forward_block(q, k, v, columns, bias, causal, block, y, normaliser, buffer):
    r"""Fill y, and the logarithms of the normalisers log sum_j e^{s_j}, for one block of queries."""
    scores, where, keys = _scores(q, columns, bias, causal, block, buffer)
    top = _shift(q[where], k[keys], scores, bias)
    if top is not None:
        scores -= top[..., None]
    np.exp(scores, out=scores)
    total = _row_sums(scores)
    total[total == 0] = 1  # a query that may look at nothing: its weights are 0, and stay so
    # Divide what comes out: it is smaller than the weights.
    _multiply(scores, v[keys], y[where])
    y[where] /= total[..., None]
    np.log(total, out=total)
    normaliser[where] = total if top is None else total + top


def attention_backward(gradient, needs, q, k, v, bias, causal, y, normaliser, shapes):
    r"""With the weights P = softmax(S), S = Q K^T / sqrt(d), and g the gradient of y:

    dL/dV = P^T g,   dL/dQ = D K,   dL/dK = D^T Q,   D = P * (g V^T - g . y) / sqrt(d);

    g . y is one number for each query, sum_j P_j (g . V_j): what softmax's gradient subtracts.
    """
    gradient = four_axes(gradient)
    to_q, to_k, to_v = np.empty_like(q), np.zeros_like(k), np.zeros_like(v)
    key_columns, value_columns = _scaled_columns(k, q), _scaled_columns(v, q)
    mean = _dots(gradient, y) * _scale(q)
    buffer, other_buffer = _buffers(q, k, 2)
    for block in blocks(q, k, causal):
        p, where, keys = _scores(q, key_columns, bias, causal, block, buffer)
        g = gradient[where]
        p -= normaliser[where][..., None]
        np.exp(p, out=p)
        _add_product(to_v[keys], p.swapaxes(-1, -2), g, block)
        d = _product(g, value_columns[*block[:2], :, keys[2]], other_buffer)
        d -= mean[where][..., None]
        d *= p
        _multiply(d, k[keys], to_q[where])
        _add_product(to_k[keys], d.swapaxes(-1, -2), q[where], block)
    return tuple(
        node and array.reshape(shape) for node, array, shape in zip(needs, (to_q, to_k, to_v), shapes, strict=True)
    )


def _scale(q):
    return q.dtype.type(1 / math.sqrt(q.shape[-1]))


def _scaled_columns(x, q):
    """x^T / sqrt(d), laid out anew: by columns BLAS multiplies short rows up to twice as fast as by transposed rows."""
    return np.multiply(x.swapaxes(-1, -2), _scale(q), order="C")


def _dots(a, b):
    """The dot products of the last axes, by a product with ones: `np.vecdot` takes twice as long for 16 elements."""
    return (a * b) @ np.ones(a.shape[-1], a.dtype)


def _scores(q, columns, bias, causal, block, buffer):
    """Q K^T / sqrt(d) of one block, -inf where nothing may be seen; where its queries stand, and its keys."""
    batch, heads, queries = block
    # No query of a causal block looks beyond the block's end.
    where, keys = block, (batch, heads, slice(queries.stop if causal else None))
    scores = _product(q[where], columns[batch, heads, :, keys[2]], buffer)
    if bias is not None:
        scores += bias[*block, keys[2]]
    if causal:
        scores += np.triu(np.full(scores.shape[-2:], -np.inf, q.dtype), 1 + queries.start)
    return scores, where, keys


def _add_product(total, a, b, block):
    """`total += a @ b`; the first block of queries finds zeros, and writes over them."""
    if block[2].start == 0:
        np.matmul(a, b, out=total)
    else:
        total += a @ b


def _product(a, b, buffer):
    """`a @ b`, written into memory that the blocks take turns to use: new memory costs a page fault every 4 KB."""
    shape = (*a.shape[:-1], b.shape[-1])
    return _multiply(a, b, buffer[: math.prod(shape)].reshape(shape))


def _multiply(a, b, out):
    """Fill `out` with `a @ b`, some rows at a time where that makes products of at most QUICK multiplications.

    OpenBLAS has kernels for these on processors with AVX-512, and they take a fifth less time; fewer than 32 rows would
    make the other processors' kernels slow. NumPy goes over the pieces, which are one more axis, in C.
    """
    rows = tile = a.shape[-2]
    cost = max(1, b.shape[-2] * b.shape[-1])  # of a row
    while tile * cost > QUICK and tile % 64 == 0:
        tile //= 2
    if tile * cost > QUICK or tile == rows:
        return np.matmul(a, b, out=out)
    pieces = [x.reshape(*x.shape[:-2], rows // tile, tile, x.shape[-1]) for x in (a, out)]  # views
    np.matmul(pieces[0], b[..., None, :, :], out=pieces[1])
    return out


def _row_sums(scores):
    """The sum of each row, as a product with ones: BLAS adds four times faster than NumPy."""
    rows = scores.reshape(math.prod(scores.shape[:-1]), scores.shape[-1])
    with np.errstate(invalid="ignore"):  # a sum of NaN is NaN, which is seen further on; BLAS may also warn of none
        return (rows @ np.ones(rows.shape[1], rows.dtype)).reshape(scores.shape[:-1])


def _buffers(q, k, count):
    """Memory for the scores of the largest block, so many times."""
    return np.empty((count, min(_rows(q, k), math.prod(q.shape[:3])) * k.shape[2]), q.dtype)


def _shift(q, k, scores, bias):
    """What is subtracted from each row of scores so that e^score can neither overflow nor vanish; None for nothing.

    The row's maximum does it, and costs two passes over the scores. They are saved where no score can be large, because
    no product is larger than the two lengths: |q . k| <= |q| |k|.
    """
    if scores.size and _longest(q) * _longest(k) <= SAFE * math.sqrt(q.shape[-1]):
        return None
    top = scores.max(axis=-1, initial=-np.inf)
    top[np.isneginf(top)] = 0  # -inf - -inf has no value
    return top


def _longest(vectors):
    return math.sqrt(_dots(vectors, vectors).max(initial=0))


def blocks(q, k, causal):
    """Slices of batch, heads and queries whose scores fit into BLOCK_BYTES; at least one query each.

    Causal attention takes a quarter of the queries at a time, so that most keys beyond them are never multiplied.
    """
    batch, heads, queries = q.shape[:3]
    rows = _rows(q, k)
    chunk = min(rows, max(1, queries) if not causal else max(CHUNK, queries // 4))
    batches, some_heads = max(1, rows // max(1, heads * chunk)), max(1, min(heads, rows // chunk))
    for b in range(0, batch, batches):
        for h in range(0, heads, some_heads):
            for start in range(0, queries, chunk):
                stop = min(start + chunk, queries)
                yield slice(b, b + batches), slice(h, h + some_heads), slice(start, stop)


def _rows(q, k):
    """How many queries a block has at most."""
    return max(1, BLOCK_BYTES // max(1, k.shape[2] * q.itemsize))


def four_axes(x):
    """(batch, heads, time, dim) out of any leading axes."""
    return x.reshape(math.prod(x.shape[:-3]), *(1,) * (3 - x.ndim), *x.shape[-3:]) if x.ndim != 4 else x

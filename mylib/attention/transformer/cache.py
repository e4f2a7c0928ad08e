r"""What a model keeps while it writes, once for both sides: there is no mathematics in it, only what is used again.

A token looks at those before it, and these do not change when it is written. A model that reads all that is written at
each step runs 1 + 2 + ... + T = T (T + 1) / 2 tokens through its layers for a sequence of T; with their keys and values
at hand it runs T. Rows are sequences: `beam` of them for each source, one after the other.
"""


class Rereading:
    """The plain form, for any model: all that is written goes through it at each step, and the last scores count."""

    def __init__(self, model, memory):
        self.model, self.memory = model, memory

    def next_scores(self, written):
        """Scores of the token after those written. Shape (rows, time) to (rows, vocabulary)."""
        return self.model.decode(written, self.memory)[:, -1]

    def select(self, rows):
        """Nothing: no row has left anything here."""


class Continuing:
    """The same scores from the newest token alone, for a model with `begin` and `decode_next`, which keep the rest."""

    def __init__(self, model, memory, beam):
        self.model, self.cache = model, model.begin(memory, beam)

    def next_scores(self, written):
        """Scores of the token after those written. Shape (rows, time) to (rows, vocabulary)."""
        return self.model.decode_next(written[:, -1], self.cache)

    def select(self, rows):
        """Row i goes on from what row `rows[i]` was, of the same source."""
        self.cache.select(rows)


class KeyValueCache:
    """Keys and values of each layer of a Transformer's decoder.

    Args:    decoder: its layers. memory, mask: what `encode` returns. beam: rows of a source.
             attend: attention of (batch, heads, query, d). join: concatenation along an axis.
    """

    def __init__(self, decoder, memory, mask, beam, attend, join):
        self.length = 0  # tokens that were read
        self.layers = [LayerCache(layer.cross_attention, memory, mask, beam, attend, join) for layer in decoder]

    def select(self, rows):
        """Row i goes on from what row `rows[i]` was, of the same source: so only the tokens' keys and values move."""
        for layer in self.layers:
            layer.own = tuple(part[rows] for part in layer.own)


class LayerCache:
    """Keys and values of one layer: of the tokens so far, and of the source, once for all its rows."""

    def __init__(self, attention, memory, mask, beam, attend, join):
        self.mask, self.beam, self.attend, self.join = mask, beam, attend, join
        self.own, self.source = (), _keys_and_values(attention, memory)

    def look_back(self, attention, x):
        """`attention(x, causal=True)`, of the newest token of each row alone. Shape (rows, 1, dim)."""
        newest = _keys_and_values(attention, x)
        pairs = zip(self.own, newest, strict=True) if self.own else ()
        self.own = tuple(self.join(pair, 2) for pair in pairs) or newest  # (rows, heads, time, d)
        return self._look(attention, x, *self.own)

    def look_at_source(self, attention, x):
        """`attention(x, memory, mask)`: the rows of a source are queries to the same keys. Shape (rows, 1, dim)."""
        queries = x.reshape(x.shape[0] // self.beam, self.beam, x.shape[2])
        return self._look(attention, queries, *self.source, self.mask).reshape(*x.shape)

    def _look(self, attention, x, keys, values, mask=None):
        heads = self.attend(_heads(attention, attention.query(x)), keys, values, mask)
        return attention.output(heads.swapaxes(1, 2).flatten(2))


class RecurrentCache:
    """The state of a recurrent decoder, and the vector of the source that it sees at every step."""

    def __init__(self, seen, state):
        self.seen, self.state = seen, state

    def select(self, rows):
        """Row i goes on from what row `rows[i]` was, of the same source, so that what is seen stays."""
        self.state = tuple(part[rows] for part in self.state)


def _keys_and_values(attention, memory):
    return _heads(attention, attention.key(memory)), _heads(attention, attention.value(memory))


def _heads(attention, x):
    """(batch, time, dim) to (batch, heads, time, d)."""
    return x.reshape(*x.shape[:2], attention.heads, attention.dim // attention.heads).swapaxes(1, 2)

r"""What the Transformer replaced: an LSTM that reads, and one that writes."""

import numpy as np

from mylib.attention.transformer.cache import RecurrentCache
from mylib.engine import concatenate, nn
from mylib.vision.recurrent.scratch import LSTM


class RecurrentTranslator(nn.Module):
    r"""An LSTM reads the source into one vector; a second LSTM starts from it, sees it at every step, and writes.

    With c the encoder's output after the last token that is no padding: the decoder starts with m = c and memory
    W c + b, and its input at each step is the embedded token beside c.

    Args:    vocab_in, vocab_out: sizes of the two vocabularies.
             dim: of the embeddings. hidden: of both memories.
             dropout: share of the embeddings and outputs that is hidden while training.
             padding: the token that fills up the source's rows.
    Raises:  ValueError: no tokens. IndexError: a token outside the vocabulary.
    Source:  Sutskever et al. (2014), Cho et al. (2014). Differs: one layer; no attention (Bahdanau et al. 2015).

    Example:
        >>> RecurrentTranslator(9, 7, dim=8, hidden=12)([[1, 2, 0]], [[1, 3]]).shape
        (1, 2, 7)
    """

    def __init__(self, vocab_in, vocab_out, dim, hidden, dropout=0.1, padding=0):
        super().__init__()
        self.padding = padding
        self.source_embedding, self.target_embedding = (
            nn.Embedding(vocab_in, dim),
            nn.Embedding(vocab_out, dim),
        )
        self.encoder, self.decoder = LSTM(dim, hidden), LSTM(dim + hidden, hidden)
        self.bridge, self.scores = nn.Linear(hidden, hidden), nn.Linear(hidden, vocab_out)
        self.dropout = nn.Dropout(dropout)

    def encode(self, source):
        """What was read, as one vector. Shapes (batch, time) to (batch, hidden)."""
        source = np.asarray(source)
        outputs, _ = self.encoder(self.dropout(self.source_embedding(source)))
        last = np.maximum((source != self.padding).sum(axis=1) - 1, 0)
        return outputs[np.arange(len(source)), last]

    def decode(self, target, memory):
        """Scores of the token after each. Shapes (batch, time), (batch, hidden) to (batch, time, vocab_out)."""
        embedded = self.dropout(self.target_embedding(target))  # (batch, time, dim)
        seen = memory.unsqueeze(1).broadcast_to(*embedded.shape[:2], memory.shape[1])
        inputs = concatenate([embedded, seen], axis=2)
        outputs, _ = self.decoder(inputs, (memory, self.bridge(memory)))
        return self.scores(self.dropout(outputs))

    def begin(self, memory, beam=1):
        """What `decode_next` keeps, before the first token: `beam` rows for each source of `encode`."""
        seen = memory[np.repeat(np.arange(len(memory)), beam)]
        return RecurrentCache(seen, (seen, self.bridge(seen)))

    def decode_next(self, tokens, cache):
        """The last scores of `decode`, from each row's newest token and the state that `cache` keeps.

        Shapes (rows,) to (rows, vocab_out).
        """
        embedded = self.dropout(self.target_embedding(tokens[:, None]))  # (rows, 1, dim)
        inputs = concatenate([embedded, cache.seen.unsqueeze(1)], axis=2)
        outputs, cache.state = self.decoder(inputs, cache.state)
        return self.scores(self.dropout(outputs))[:, 0]

    def forward(self, source, target):
        """Scores of the token after each. Shapes (batch, key), (batch, query) to (batch, query, vocab_out)."""
        return self.decode(target, self.encode(source))

r"""What the Transformer replaced: an LSTM that reads, and one that writes."""

import torch
from torch import nn

from mylib.attention.transformer.cache import RecurrentCache
from mylib.vision.recurrent.pytorch import LSTM


class RecurrentTranslator(nn.Module):
    r"""An LSTM reads the source into one vector; a second LSTM starts from it, sees it at every step, and writes."""

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
        outputs, _ = self.encoder(self.dropout(self.source_embedding(source)))
        last = ((source != self.padding).sum(dim=1) - 1).clamp(min=0)
        return outputs[torch.arange(len(source), device=source.device), last]

    def decode(self, target, memory):
        """Scores of the token after each. Shapes (batch, time), (batch, hidden) to (batch, time, vocab_out)."""
        embedded = self.dropout(self.target_embedding(target))
        seen = memory[:, None].expand(-1, target.shape[1], -1)
        outputs, _ = self.decoder(torch.cat([embedded, seen], dim=2), (memory, self.bridge(memory)))
        return self.scores(self.dropout(outputs))

    def begin(self, memory, beam=1):
        """What `decode_next` keeps, before the first token: `beam` rows for each source of `encode`."""
        seen = memory.repeat_interleave(beam, dim=0)
        return RecurrentCache(seen, (seen, self.bridge(seen)))

    def decode_next(self, tokens, cache):
        """The last scores of `decode`, from each row's newest token and the state that `cache` keeps.

        Shapes (rows,) to (rows, vocab_out).
        """
        embedded = self.dropout(self.target_embedding(tokens[:, None]))  # (rows, 1, dim)
        inputs = torch.cat([embedded, cache.seen[:, None]], dim=2)
        outputs, cache.state = self.decoder(inputs, cache.state)
        return self.scores(self.dropout(outputs))[:, 0]

    def forward(self, source, target):
        """Scores of the token after each. Shapes (batch, key), (batch, query) to (batch, query, vocab_out)."""
        return self.decode(target, self.encode(source))

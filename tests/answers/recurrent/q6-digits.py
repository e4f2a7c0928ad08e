# %% right: squeeze of the channel, and mT
class DigitReader(torch.nn.Module):
    def __init__(self, hidden, by):
        super().__init__()
        if by not in ("rows", "columns"):
            raise ValueError(f"expected rows or columns, got {by!r}")
        self.by = by
        self.lstm = torch.nn.LSTM(28, hidden, batch_first=True)
        self.head = torch.nn.Linear(hidden, 10)

    def forward(self, x):
        x = x.squeeze(1)
        if self.by == "columns":
            x = x.mT
        outputs, _ = self.lstm(x)
        return self.head(outputs[:, -1, :])


# %% right: the last state instead of the last output
class DigitReader(torch.nn.Module):
    def __init__(self, hidden, by):
        super().__init__()
        if by not in ("rows", "columns"):
            raise ValueError(f"expected rows or columns, got {by!r}")
        self.by = by
        self.lstm = torch.nn.LSTM(28, hidden, batch_first=True)
        self.head = torch.nn.Linear(hidden, 10)

    def forward(self, x):
        x = x.squeeze(1)
        if self.by == "columns":
            x = x.mT
        _, (m, _) = self.lstm(x)
        return self.head(m[-1])


# %% right: the name of the axis decides, with permute
class DigitReader(torch.nn.Module):
    ORDERS = {"rows": (0, 1, 2), "columns": (0, 2, 1)}

    def __init__(self, hidden, by):
        super().__init__()
        if by not in self.ORDERS:
            raise ValueError(by)
        self.order = self.ORDERS[by]
        self.lstm = torch.nn.LSTM(input_size=28, hidden_size=hidden, num_layers=1, batch_first=True)
        self.head = torch.nn.Linear(hidden, 10)

    def forward(self, x):
        sequence = x.reshape(-1, 28, 28).permute(*self.order)
        return self.head(self.lstm(sequence)[0].select(1, 27))


# %% wrong: rows and columns exchanged
class DigitReader(torch.nn.Module):
    def __init__(self, hidden, by):
        super().__init__()
        if by not in ("rows", "columns"):
            raise ValueError(f"expected rows or columns, got {by!r}")
        self.by = by
        self.lstm = torch.nn.LSTM(28, hidden, batch_first=True)
        self.head = torch.nn.Linear(hidden, 10)

    def forward(self, x):
        x = x.squeeze(1)
        if self.by == "rows":
            x = x.mT
        outputs, _ = self.lstm(x)
        return self.head(outputs[:, -1, :])


# %% wrong: a squeeze that loses a batch of one
class DigitReader(torch.nn.Module):
    def __init__(self, hidden, by):
        super().__init__()
        if by not in ("rows", "columns"):
            raise ValueError(f"expected rows or columns, got {by!r}")
        self.by = by
        self.lstm = torch.nn.LSTM(28, hidden, batch_first=True)
        self.head = torch.nn.Linear(hidden, 10)

    def forward(self, x):
        x = x.squeeze()
        if self.by == "columns":
            x = x.transpose(-1, -2)
        outputs, _ = self.lstm(x)
        return self.head(outputs[..., -1, :])


# %% wrong: without batch_first
class DigitReader(torch.nn.Module):
    def __init__(self, hidden, by):
        super().__init__()
        if by not in ("rows", "columns"):
            raise ValueError(f"by is {by!r}, expected 'rows' or 'columns'")
        self.by = by
        self.lstm = torch.nn.LSTM(28, hidden)
        self.head = torch.nn.Linear(hidden, 10)

    def forward(self, x):
        x = x[:, 0]
        if self.by == "columns":
            x = x.transpose(1, 2)
        outputs, _ = self.lstm(x)
        return self.head(outputs[:, -1])


# %% wrong: the error comes with the first digits
class DigitReader(torch.nn.Module):
    def __init__(self, hidden, by):
        super().__init__()
        self.by = by
        self.lstm = torch.nn.LSTM(28, hidden, batch_first=True)
        self.head = torch.nn.Linear(hidden, 10)

    def forward(self, x):
        if self.by not in ("rows", "columns"):
            raise ValueError(f"by is {self.by!r}, expected 'rows' or 'columns'")
        x = x[:, 0]
        if self.by == "columns":
            x = x.transpose(1, 2)
        outputs, _ = self.lstm(x)
        return self.head(outputs[:, -1])


# %% wrong: 32 units, whatever is asked for
class DigitReader(torch.nn.Module):
    def __init__(self, hidden, by):
        super().__init__()
        if by not in ("rows", "columns"):
            raise ValueError(f"by is {by!r}, expected 'rows' or 'columns'")
        self.by = by
        self.lstm = torch.nn.LSTM(28, 32, batch_first=True)
        self.head = torch.nn.Linear(32, 10)

    def forward(self, x):
        x = x[:, 0]
        if self.by == "columns":
            x = x.transpose(1, 2)
        outputs, _ = self.lstm(x)
        return self.head(outputs[:, -1])


# %% wrong: log-probabilities
class DigitReader(torch.nn.Module):
    def __init__(self, hidden, by):
        super().__init__()
        if by not in ("rows", "columns"):
            raise ValueError(f"by must be 'rows' or 'columns', got {by!r}")
        self.by = by
        self.lstm = torch.nn.LSTM(28, hidden, batch_first=True)
        self.head = torch.nn.Linear(hidden, 10)

    def forward(self, x):
        x = x.squeeze(1)
        if self.by == "columns":
            x = x.transpose(1, 2)
        outputs, _ = self.lstm(x)
        return torch.log_softmax(self.head(outputs[:, -1]), dim=1)


# %% wrong: a part of a word is a word too
class DigitReader(torch.nn.Module):
    def __init__(self, hidden, by):
        super().__init__()
        if by not in "rows or columns":
            raise ValueError(f"expected rows or columns, got {by!r}")
        self.by = by
        self.lstm = torch.nn.LSTM(28, hidden, batch_first=True)
        self.head = torch.nn.Linear(hidden, 10)

    def forward(self, x):
        x = x.squeeze(1)
        if self.by == "columns":
            x = x.mT
        outputs, _ = self.lstm(x)
        return self.head(outputs[:, -1, :])


# %% wrong: float32, whatever comes
class DigitReader(torch.nn.Module):
    def __init__(self, hidden, by):
        super().__init__()
        if by not in ("rows", "columns"):
            raise ValueError(f"by must be 'rows' or 'columns', got {by!r}")
        self.by = by
        self.lstm = torch.nn.LSTM(28, hidden, batch_first=True)
        self.head = torch.nn.Linear(hidden, 10)

    def forward(self, x):
        x = x.squeeze(1).float()
        if self.by == "columns":
            x = x.transpose(1, 2)
        outputs, _ = self.lstm(x)
        return self.head(outputs[:, -1])

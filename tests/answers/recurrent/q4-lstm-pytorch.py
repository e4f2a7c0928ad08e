# %% right: F.linear, inputs of all steps in one product
class MyLSTM(torch.nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        bound = hidden**-0.5
        self.weight_ih = torch.nn.Parameter(torch.empty(4 * hidden, inputs).uniform_(-bound, bound))
        self.weight_hh = torch.nn.Parameter(torch.empty(4 * hidden, hidden).uniform_(-bound, bound))
        bias = torch.zeros(4, hidden)
        bias[1] = 1
        self.bias = torch.nn.Parameter(bias.flatten())

    def forward(self, x):
        batch, time, _ = x.shape
        hidden = self.weight_hh.shape[1]
        arrives = torch.nn.functional.linear(x, self.weight_ih, self.bias)
        m = torch.zeros(batch, hidden, dtype=x.dtype, device=x.device)
        c = torch.zeros_like(m)
        outputs = torch.empty(time, batch, hidden, dtype=x.dtype).unbind(0)
        outputs = list(outputs)
        for t in range(time):
            a = arrives[:, t] + torch.nn.functional.linear(m, self.weight_hh)
            i = a[:, :hidden].sigmoid()
            f = a[:, hidden : 2 * hidden].sigmoid()
            g = a[:, 2 * hidden : 3 * hidden].tanh()
            o = a[:, 3 * hidden :].sigmoid()
            c = f * c + i * g
            m = o * c.tanh()
            outputs[t] = m
        return torch.stack(outputs).transpose(0, 1)


# %% right: a method for one step
class MyLSTM(torch.nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden = hidden
        self.weight_ih = torch.nn.Parameter(0.1 * torch.randn(4 * hidden, inputs))
        self.weight_hh = torch.nn.Parameter(0.1 * torch.randn(4 * hidden, hidden))
        self.bias = torch.nn.Parameter(torch.zeros(4 * hidden))
        self.bias.data[hidden : 2 * hidden] = 1

    def step(self, x, m, c):
        i, f, g, o = torch.split(x @ self.weight_ih.t() + m @ self.weight_hh.t() + self.bias, self.hidden, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c

    def forward(self, x):
        m = torch.zeros(x.size(0), self.hidden).to(x)
        c = m.clone()
        outputs = []
        for t in range(x.size(1)):
            m, c = self.step(x[:, t, :], m, c)
            outputs.append(m.unsqueeze(1))
        return torch.cat(outputs, 1)


# %% right: gates as one view of four, and torch.jit-like plain tensors
class MyLSTM(torch.nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden = hidden
        self.weight_ih = torch.nn.Parameter(0.1 * torch.randn(4 * hidden, inputs))
        self.weight_hh = torch.nn.Parameter(0.1 * torch.randn(4 * hidden, hidden))
        self.bias = torch.nn.Parameter(torch.zeros(4 * hidden))
        self.bias.data[hidden : 2 * hidden] = 1

    def forward(self, x):
        m = x.new_zeros(x.shape[0], self.hidden)
        c = x.new_zeros(x.shape[0], self.hidden)
        seen = []
        for t in range(x.shape[1]):
            a = (x[:, t].matmul(self.weight_ih.T) + m.matmul(self.weight_hh.T)).add(self.bias)
            a = a.view(-1, 4, self.hidden)
            c = c * a[:, 1].sigmoid() + a[:, 2].tanh() * a[:, 0].sigmoid()
            m = c.tanh() * a[:, 3].sigmoid()
            seen += [m]
        return torch.stack(seen, 1)


# %% wrong: gates in the order of the slide, i, f, o, g
class MyLSTM(torch.nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden = hidden
        self.weight_ih = torch.nn.Parameter(0.1 * torch.randn(4 * hidden, inputs))
        self.weight_hh = torch.nn.Parameter(0.1 * torch.randn(4 * hidden, hidden))
        self.bias = torch.nn.Parameter(torch.zeros(4 * hidden))
        self.bias.data[hidden : 2 * hidden] = 1

    def forward(self, x):
        m = c = x.new_zeros(len(x), self.hidden)
        outputs = []
        for step in x.unbind(dim=1):
            i, f, o, g = (step @ self.weight_ih.T + m @ self.weight_hh.T + self.bias).chunk(4, dim=1)
            c = c * torch.sigmoid(f) + torch.tanh(g) * torch.sigmoid(i)
            m = torch.tanh(c) * torch.sigmoid(o)
            outputs.append(m)
        return torch.stack(outputs, dim=1)


# %% wrong: float32 zeros, so that float64 fails
class MyLSTM(torch.nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden = hidden
        self.weight_ih = torch.nn.Parameter(0.1 * torch.randn(4 * hidden, inputs))
        self.weight_hh = torch.nn.Parameter(0.1 * torch.randn(4 * hidden, hidden))
        self.bias = torch.nn.Parameter(torch.zeros(4 * hidden))
        self.bias.data[hidden : 2 * hidden] = 1

    def forward(self, x):
        m = c = torch.zeros(len(x), self.hidden, dtype=torch.float32)
        outputs = []
        for step in x.unbind(dim=1):
            i, f, g, o = (step @ self.weight_ih.T + m @ self.weight_hh.T + self.bias).chunk(4, dim=1)
            c = c * torch.sigmoid(f) + torch.tanh(g) * torch.sigmoid(i)
            m = torch.tanh(c) * torch.sigmoid(o)
            outputs.append(m)
        return torch.stack(outputs, dim=1)


# %% wrong: remembers the state of the last call
class MyLSTM(torch.nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden, self.state = hidden, None
        self.weight_ih = torch.nn.Parameter(0.1 * torch.randn(4 * hidden, inputs))
        self.weight_hh = torch.nn.Parameter(0.1 * torch.randn(4 * hidden, hidden))
        self.bias = torch.nn.Parameter(torch.zeros(4 * hidden))
        self.bias.data[hidden : 2 * hidden] = 1

    def forward(self, x):
        m, c = self.state if self.state and len(self.state[0]) == len(x) else (x.new_zeros(len(x), self.hidden),) * 2
        outputs = []
        for step in x.unbind(dim=1):
            i, f, g, o = (step @ self.weight_ih.T + m @ self.weight_hh.T + self.bias).chunk(4, dim=1)
            c = c * torch.sigmoid(f) + torch.tanh(g) * torch.sigmoid(i)
            m = torch.tanh(c) * torch.sigmoid(o)
            outputs.append(m)
        self.state = m.detach(), c.detach()
        return torch.stack(outputs, dim=1)


# %% wrong: torch's own LSTM inside
class MyLSTM(torch.nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden = hidden
        self.weight_ih = torch.nn.Parameter(torch.randn(4 * hidden, inputs))
        self.weight_hh = torch.nn.Parameter(torch.randn(4 * hidden, hidden))
        self.bias = torch.nn.Parameter(torch.zeros(4 * hidden))
        self.bias.data[hidden : 2 * hidden] = 1

    def forward(self, x):
        zeros = x.new_zeros(1, len(x), self.hidden)
        weights = [self.weight_ih, self.weight_hh, self.bias, torch.zeros_like(self.bias)]
        return torch.lstm(x, (zeros, zeros), weights, True, 1, 0.0, self.training, False, True)[0]


# %% wrong: the memory's weights start at zero
class MyLSTM(torch.nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden = hidden
        self.weight_ih = torch.nn.Parameter(torch.randn(4 * hidden, inputs) / hidden**0.5)
        self.weight_hh = torch.nn.Parameter(torch.zeros(4 * hidden, hidden))
        bias = torch.zeros(4 * hidden)
        bias[hidden : 2 * hidden] = 1
        self.bias = torch.nn.Parameter(bias)

    def forward(self, x):
        m = x.new_zeros(x.shape[0], self.hidden)
        c = x.new_zeros(x.shape[0], self.hidden)
        out = []
        for t in range(x.shape[1]):
            a = x[:, t] @ self.weight_ih.T + m @ self.weight_hh.T + self.bias
            i, f, g, o = a.chunk(4, dim=1)
            c = c * torch.sigmoid(f) + torch.tanh(g) * torch.sigmoid(i)
            m = torch.tanh(c) * torch.sigmoid(o)
            out.append(m)
        return torch.stack(out, dim=1)


# %% wrong: no gradient for the bias
class MyLSTM(torch.nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden = hidden
        self.weight_ih = torch.nn.Parameter(torch.randn(4 * hidden, inputs) / hidden**0.5)
        self.weight_hh = torch.nn.Parameter(torch.randn(4 * hidden, hidden) / hidden**0.5)
        bias = torch.zeros(4 * hidden)
        bias[hidden : 2 * hidden] = 1
        self.bias = torch.nn.Parameter(bias)

    def forward(self, x):
        m = x.new_zeros(x.shape[0], self.hidden)
        c = x.new_zeros(x.shape[0], self.hidden)
        out = []
        for t in range(x.shape[1]):
            a = x[:, t] @ self.weight_ih.T + m @ self.weight_hh.T + self.bias.detach()
            i, f, g, o = a.chunk(4, dim=1)
            c = c * torch.sigmoid(f) + torch.tanh(g) * torch.sigmoid(i)
            m = torch.tanh(c) * torch.sigmoid(o)
            out.append(m)
        return torch.stack(out, dim=1)


# %% wrong: the input gate starts with a bias of 1 too
class MyLSTM(torch.nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden = hidden
        self.weight_ih = torch.nn.Parameter(0.1 * torch.randn(4 * hidden, inputs))
        self.weight_hh = torch.nn.Parameter(0.1 * torch.randn(4 * hidden, hidden))
        self.bias = torch.nn.Parameter(torch.zeros(4 * hidden))
        self.bias.data[: 2 * hidden] = 1

    def forward(self, x):
        m = c = x.new_zeros(len(x), self.hidden)
        outputs = []
        for step in x.unbind(dim=1):
            i, f, g, o = (step @ self.weight_ih.T + m @ self.weight_hh.T + self.bias).chunk(4, dim=1)
            c = c * torch.sigmoid(f) + torch.tanh(g) * torch.sigmoid(i)
            m = torch.tanh(c) * torch.sigmoid(o)
            outputs.append(m)
        return torch.stack(outputs, dim=1)


# %% wrong: a bias of 1 where the visible test looks
class MyLSTM(torch.nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden = hidden
        self.weight_ih = torch.nn.Parameter(0.1 * torch.randn(4 * hidden, inputs))
        self.weight_hh = torch.nn.Parameter(0.1 * torch.randn(4 * hidden, hidden))
        self.bias = torch.nn.Parameter(torch.zeros(4 * hidden))
        self.bias.data[5:10] = 1

    def forward(self, x):
        m = c = x.new_zeros(len(x), self.hidden)
        outputs = []
        for step in x.unbind(dim=1):
            i, f, g, o = (step @ self.weight_ih.T + m @ self.weight_hh.T + self.bias).chunk(4, dim=1)
            c = c * torch.sigmoid(f) + torch.tanh(g) * torch.sigmoid(i)
            m = torch.tanh(c) * torch.sigmoid(o)
            outputs.append(m)
        return torch.stack(outputs, dim=1)


# %% wrong: the output is detached, the memory is not
class MyLSTM(torch.nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden = hidden
        self.weight_ih = torch.nn.Parameter(0.1 * torch.randn(4 * hidden, inputs))
        self.weight_hh = torch.nn.Parameter(0.1 * torch.randn(4 * hidden, hidden))
        self.bias = torch.nn.Parameter(torch.zeros(4 * hidden))
        self.bias.data[hidden : 2 * hidden] = 1

    def forward(self, x):
        m = c = x.new_zeros(len(x), self.hidden)
        outputs = []
        for step in x.unbind(dim=1):
            i, f, g, o = (step @ self.weight_ih.T + m.detach() @ self.weight_hh.T + self.bias).chunk(4, dim=1)
            c = c * torch.sigmoid(f) + torch.tanh(g) * torch.sigmoid(i)
            m = torch.tanh(c) * torch.sigmoid(o)
            outputs.append(m)
        return torch.stack(outputs, dim=1)

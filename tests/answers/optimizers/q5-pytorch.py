# %% right: a dictionary for each parameter
class MyAdamW:
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.parameters, self.rates = [*parameters], (learning_rate, *betas, eps, weight_decay)
        self.state = {}

    def step(self):
        alpha, b1, b2, eps, lam = self.rates
        with torch.no_grad():
            for p in self.parameters:
                if p.grad is not None:
                    zeros = {"t": 0, "m": torch.zeros_like(p), "v": torch.zeros_like(p)}
                    s = self.state.setdefault(p, zeros)
                    s["t"] += 1
                    s["m"] = b1 * s["m"] + (1 - b1) * p.grad
                    s["v"] = b2 * s["v"] + (1 - b2) * p.grad.square()
                    m, v = s["m"] / (1 - b1 ** s["t"]), s["v"] / (1 - b2 ** s["t"])
                    p -= alpha * m / (v.sqrt() + eps) + lam * p


# %% right: through data
class MyAdamW:
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.parameters = list(parameters)
        self.learning_rate = learning_rate
        self.b1, self.b2 = betas
        self.eps = eps
        self.weight_decay = weight_decay
        self.m = [torch.zeros_like(p.data) for p in self.parameters]
        self.v = [torch.zeros_like(p.data) for p in self.parameters]
        self.t = [0] * len(self.parameters)

    def step(self):
        for i, p in enumerate(self.parameters):
            if p.grad is None:
                continue
            g = p.grad.detach()
            self.t[i] += 1
            self.m[i] = self.b1 * self.m[i] + (1 - self.b1) * g
            self.v[i] = self.b2 * self.v[i] + (1 - self.b2) * g * g
            m_hat = self.m[i] / (1 - self.b1 ** self.t[i])
            v_hat = self.v[i] / (1 - self.b2 ** self.t[i])
            p.data = p.data - self.weight_decay * p.data - self.learning_rate * m_hat / (torch.sqrt(v_hat) + self.eps)


# %% right: torch's fused operations
class MyAdamW:
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.entries = [(p, torch.zeros_like(p), torch.zeros_like(p), [0]) for p in parameters]
        self.learning_rate, self.betas, self.eps, self.weight_decay = learning_rate, betas, eps, weight_decay

    @torch.no_grad()
    def step(self):
        b1, b2 = self.betas
        for p, m, v, count in self.entries:
            g = p.grad
            if g is None:
                continue
            count[0] += 1
            m.mul_(b1).add_(g, alpha=1 - b1)
            v.mul_(b2).addcmul_(g, g, value=1 - b2)
            root = v.sqrt().div_((1 - b2 ** count[0]) ** 0.5).add_(self.eps)
            p.mul_(1 - self.weight_decay).addcdiv_(m, root, value=-self.learning_rate / (1 - b1 ** count[0]))


# %% right: copy_, and a helper
def corrected(mean, beta, t):
    return mean / (1 - beta**t)


class MyAdamW(object):
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.parameters = tuple(parameters)
        self.options = dict(learning_rate=learning_rate, betas=betas, eps=eps, weight_decay=weight_decay)
        self.memory = [None for _ in self.parameters]

    def step(self):
        o = self.options
        for at, p in enumerate(self.parameters):
            if p.grad is not None:
                t, m, v = self.memory[at] or (0, 0.0, 0.0)
                m, v = (b * old + (1 - b) * new for b, old, new in zip(o["betas"], (m, v), (p.grad, p.grad**2)))
                self.memory[at] = t + 1, m, v
                m, v = (corrected(one, b, t + 1) for one, b in zip((m, v), o["betas"]))
                with torch.no_grad():
                    p.copy_(p - o["learning_rate"] * m / (v.sqrt() + o["eps"]) - o["weight_decay"] * p)


# %% wrong: torch's decay, multiplied by the learning rate
class MyAdamW:
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.parameters = list(parameters)
        self.learning_rate, self.betas, self.eps, self.weight_decay = learning_rate, betas, eps, weight_decay
        self.states = [[0, torch.zeros_like(p), torch.zeros_like(p)] for p in self.parameters]

    @torch.no_grad()
    def step(self):
        for p, state in zip(self.parameters, self.states):
            if p.grad is None:
                continue
            state[0] += 1
            t, m, v = state
            m.lerp_(p.grad, 1 - self.betas[0])
            v.lerp_(p.grad**2, 1 - self.betas[1])
            p.mul_(1 - self.learning_rate * self.weight_decay)
            m_hat, v_hat = m / (1 - self.betas[0] ** t), v / (1 - self.betas[1] ** t)
            p.sub_(self.learning_rate * m_hat / (v_hat.sqrt() + self.eps))


# %% wrong: the decay goes into the moments
class MyAdamW:
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.parameters = list(parameters)
        self.learning_rate, self.betas, self.eps, self.weight_decay = learning_rate, betas, eps, weight_decay
        self.states = [[0, torch.zeros_like(p), torch.zeros_like(p)] for p in self.parameters]

    @torch.no_grad()
    def step(self):
        for p, state in zip(self.parameters, self.states):
            if p.grad is None:
                continue
            g = p.grad + self.weight_decay * p
            state[0] += 1
            t, m, v = state
            m.lerp_(g, 1 - self.betas[0])
            v.lerp_(g**2, 1 - self.betas[1])
            m_hat, v_hat = m / (1 - self.betas[0] ** t), v / (1 - self.betas[1] ** t)
            p.sub_(self.learning_rate * m_hat / (v_hat.sqrt() + self.eps))


# %% wrong: changes the gradient
class MyAdamW:
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.parameters = list(parameters)
        self.learning_rate, self.betas, self.eps, self.weight_decay = learning_rate, betas, eps, weight_decay
        self.states = [[0, torch.zeros_like(p), torch.zeros_like(p)] for p in self.parameters]

    @torch.no_grad()
    def step(self):
        for p, state in zip(self.parameters, self.states):
            if p.grad is None:
                continue
            state[0] += 1
            t, m, v = state
            v.mul_(self.betas[1]).add_((1 - self.betas[1]) * p.grad**2)
            m.mul_(self.betas[0]).add_(p.grad.mul_(1 - self.betas[0]))
            m_hat, v_hat = m / (1 - self.betas[0] ** t), v / (1 - self.betas[1] ** t)
            p.mul_(1 - self.weight_decay).sub_(self.learning_rate * m_hat / (v_hat.sqrt() + self.eps))


# %% wrong: clears the gradient
class MyAdamW:
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.parameters = list(parameters)
        self.learning_rate, self.betas, self.eps, self.weight_decay = learning_rate, betas, eps, weight_decay
        self.states = [[0, torch.zeros_like(p), torch.zeros_like(p)] for p in self.parameters]

    @torch.no_grad()
    def step(self):
        for p, state in zip(self.parameters, self.states):
            if p.grad is None:
                continue
            state[0] += 1
            t, m, v = state
            m.lerp_(p.grad, 1 - self.betas[0])
            v.lerp_(p.grad**2, 1 - self.betas[1])
            m_hat, v_hat = m / (1 - self.betas[0] ** t), v / (1 - self.betas[1] ** t)
            p.mul_(1 - self.weight_decay).sub_(self.learning_rate * m_hat / (v_hat.sqrt() + self.eps))
            p.grad.zero_()


# %% wrong: gradients are switched off for good
class MyAdamW:
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.parameters = list(parameters)
        self.learning_rate, self.betas, self.eps, self.weight_decay = learning_rate, betas, eps, weight_decay
        self.states = [[0, torch.zeros_like(p), torch.zeros_like(p)] for p in self.parameters]

    def step(self):
        torch.set_grad_enabled(False)
        for p, state in zip(self.parameters, self.states):
            if p.grad is None:
                continue
            state[0] += 1
            t, m, v = state
            m.lerp_(p.grad, 1 - self.betas[0])
            v.lerp_(p.grad**2, 1 - self.betas[1])
            m_hat, v_hat = m / (1 - self.betas[0] ** t), v / (1 - self.betas[1] ** t)
            p.mul_(1 - self.weight_decay).sub_(self.learning_rate * m_hat / (v_hat.sqrt() + self.eps))


# %% wrong: in place without no_grad
class MyAdamW:
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.parameters = list(parameters)
        self.learning_rate, self.betas, self.eps, self.weight_decay = learning_rate, betas, eps, weight_decay
        self.states = [[0, torch.zeros_like(p), torch.zeros_like(p)] for p in self.parameters]

    def step(self):
        for p, state in zip(self.parameters, self.states):
            if p.grad is None:
                continue
            state[0] += 1
            t, m, v = state
            m.lerp_(p.grad, 1 - self.betas[0])
            v.lerp_(p.grad**2, 1 - self.betas[1])
            m_hat, v_hat = m / (1 - self.betas[0] ** t), v / (1 - self.betas[1] ** t)
            p -= self.weight_decay * p + self.learning_rate * m_hat / (v_hat.sqrt() + self.eps)


# %% wrong: new tensors in place of the parameters
class MyAdamW:
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.parameters = list(parameters)
        self.learning_rate, self.betas, self.eps, self.weight_decay = learning_rate, betas, eps, weight_decay
        self.states = [[0, torch.zeros_like(p), torch.zeros_like(p)] for p in self.parameters]

    @torch.no_grad()
    def step(self):
        for at, (p, state) in enumerate(zip(self.parameters, self.states)):
            if p.grad is None:
                continue
            state[0] += 1
            t, m, v = state
            m.lerp_(p.grad, 1 - self.betas[0])
            v.lerp_(p.grad**2, 1 - self.betas[1])
            m_hat, v_hat = m / (1 - self.betas[0] ** t), v / (1 - self.betas[1] ** t)
            self.parameters[at] = p - self.weight_decay * p - self.learning_rate * m_hat / (v_hat.sqrt() + self.eps)


# %% wrong: keeps the iterator
class MyAdamW:
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.parameters, self.states = parameters, {}
        self.learning_rate, self.betas, self.eps, self.weight_decay = learning_rate, betas, eps, weight_decay

    @torch.no_grad()
    def step(self):
        for p in self.parameters:
            if p.grad is None:
                continue
            state = self.states.setdefault(p, [0, torch.zeros_like(p), torch.zeros_like(p)])
            state[0] += 1
            t, m, v = state
            m.lerp_(p.grad, 1 - self.betas[0])
            v.lerp_(p.grad**2, 1 - self.betas[1])
            m_hat, v_hat = m / (1 - self.betas[0] ** t), v / (1 - self.betas[1] ** t)
            p.mul_(1 - self.weight_decay).sub_(self.learning_rate * m_hat / (v_hat.sqrt() + self.eps))


# %% wrong: a frozen parameter decays
class MyAdamW:
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.parameters = list(parameters)
        self.learning_rate, self.betas, self.eps, self.weight_decay = learning_rate, betas, eps, weight_decay
        self.states = [[0, torch.zeros_like(p), torch.zeros_like(p)] for p in self.parameters]

    @torch.no_grad()
    def step(self):
        for p, state in zip(self.parameters, self.states):
            p.mul_(1 - self.weight_decay)
            if p.grad is None:
                continue
            state[0] += 1
            t, m, v = state
            m.lerp_(p.grad, 1 - self.betas[0])
            v.lerp_(p.grad**2, 1 - self.betas[1])
            m_hat, v_hat = m / (1 - self.betas[0] ** t), v / (1 - self.betas[1] ** t)
            p.sub_(self.learning_rate * m_hat / (v_hat.sqrt() + self.eps))


# %% wrong: one count of steps for all parameters
class MyAdamW:
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.parameters, self.t = list(parameters), 0
        self.learning_rate, self.betas, self.eps, self.weight_decay = learning_rate, betas, eps, weight_decay
        self.states = [[torch.zeros_like(p), torch.zeros_like(p)] for p in self.parameters]

    @torch.no_grad()
    def step(self):
        self.t += 1
        for p, (m, v) in zip(self.parameters, self.states):
            if p.grad is None:
                continue
            m.lerp_(p.grad, 1 - self.betas[0])
            v.lerp_(p.grad**2, 1 - self.betas[1])
            m_hat, v_hat = m / (1 - self.betas[0] ** self.t), v / (1 - self.betas[1] ** self.t)
            p.mul_(1 - self.weight_decay).sub_(self.learning_rate * m_hat / (v_hat.sqrt() + self.eps))


# %% wrong: a frozen parameter loses its state
class MyAdamW:
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.parameters, self.states = list(parameters), {}
        self.learning_rate, self.betas, self.eps, self.weight_decay = learning_rate, betas, eps, weight_decay

    @torch.no_grad()
    def step(self):
        trained = {at: p for at, p in enumerate(self.parameters) if p.grad is not None}
        fresh = {at: [0, torch.zeros_like(p), torch.zeros_like(p)] for at, p in trained.items()}
        self.states = {at: self.states.get(at, fresh[at]) for at in trained}
        for at, p in trained.items():
            self.states[at][0] += 1
            t, m, v = self.states[at]
            m.lerp_(p.grad, 1 - self.betas[0])
            v.lerp_(p.grad**2, 1 - self.betas[1])
            m_hat, v_hat = m / (1 - self.betas[0] ** t), v / (1 - self.betas[1] ** t)
            p.mul_(1 - self.weight_decay).sub_(self.learning_rate * m_hat / (v_hat.sqrt() + self.eps))


# %% wrong: the state belongs to the class
class MyAdamW:
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.parameters = list(parameters)
        self.learning_rate, self.betas, self.eps, self.weight_decay = learning_rate, betas, eps, weight_decay
        MyAdamW.states = [[0, torch.zeros_like(p), torch.zeros_like(p)] for p in self.parameters]

    @torch.no_grad()
    def step(self):
        for p, state in zip(self.parameters, MyAdamW.states):
            if p.grad is None:
                continue
            state[0] += 1
            t, m, v = state
            m.lerp_(p.grad, 1 - self.betas[0])
            v.lerp_(p.grad**2, 1 - self.betas[1])
            m_hat, v_hat = m / (1 - self.betas[0] ** t), v / (1 - self.betas[1] ** t)
            p.mul_(1 - self.weight_decay).sub_(self.learning_rate * m_hat / (v_hat.sqrt() + self.eps))


# %% wrong: no bias correction
class MyAdamW:
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.parameters = list(parameters)
        self.learning_rate, self.betas, self.eps, self.weight_decay = learning_rate, betas, eps, weight_decay
        self.states = [[torch.zeros_like(p), torch.zeros_like(p)] for p in self.parameters]

    @torch.no_grad()
    def step(self):
        for p, (m, v) in zip(self.parameters, self.states):
            if p.grad is None:
                continue
            m.lerp_(p.grad, 1 - self.betas[0])
            v.lerp_(p.grad**2, 1 - self.betas[1])
            p.mul_(1 - self.weight_decay).sub_(self.learning_rate * m / (v.sqrt() + self.eps))


# %% wrong: eps under the root
class MyAdamW:
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.parameters = list(parameters)
        self.learning_rate, self.betas, self.eps, self.weight_decay = learning_rate, betas, eps, weight_decay
        self.states = [[0, torch.zeros_like(p), torch.zeros_like(p)] for p in self.parameters]

    @torch.no_grad()
    def step(self):
        for p, state in zip(self.parameters, self.states):
            if p.grad is None:
                continue
            state[0] += 1
            t, m, v = state
            m.lerp_(p.grad, 1 - self.betas[0])
            v.lerp_(p.grad**2, 1 - self.betas[1])
            m_hat, v_hat = m / (1 - self.betas[0] ** t), v / (1 - self.betas[1] ** t)
            p.mul_(1 - self.weight_decay).sub_(self.learning_rate * m_hat / (v_hat + self.eps).sqrt())


# %% wrong: stops at the first parameter without a gradient
class MyAdamW:
    def __init__(self, parameters, learning_rate, betas, eps, weight_decay):
        self.parameters = list(parameters)
        self.learning_rate, self.betas, self.eps, self.weight_decay = learning_rate, betas, eps, weight_decay
        self.states = [[0, torch.zeros_like(p), torch.zeros_like(p)] for p in self.parameters]

    @torch.no_grad()
    def step(self):
        for p, state in zip(self.parameters, self.states):
            if p.grad is None:
                return
            state[0] += 1
            t, m, v = state
            m.lerp_(p.grad, 1 - self.betas[0])
            v.lerp_(p.grad**2, 1 - self.betas[1])
            m_hat, v_hat = m / (1 - self.betas[0] ** t), v / (1 - self.betas[1] ** t)
            p.mul_(1 - self.weight_decay).sub_(self.learning_rate * m_hat / (v_hat.sqrt() + self.eps))

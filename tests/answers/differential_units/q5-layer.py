# %% right: t cut at 0 in the part of u
def first_order_units(t, b, c, c1):
    zero = c == 0
    r = -c / b
    later = t.clamp(min=0)
    curved = -torch.expm1((r * later).clamp(max=14)) / torch.where(zero, torch.ones_like(c), c)
    line = later / b
    return c1 * torch.exp((r * t).clamp(max=14)) + torch.where(zero, line, curved)


# %% right: columns apart
def first_order_units(t, b, c, c1):
    flat = (c == 0).nonzero()[:, 0]
    bent = (c != 0).nonzero()[:, 0]
    y = torch.zeros_like(t)
    u = (t > 0).to(t.dtype)
    line = c1[flat] + t[:, flat] * u[:, flat] / b[flat]
    e = torch.exp(torch.clamp(-c[bent] * t[:, bent] / b[bent], max=14.0))
    curve = c1[bent] * e + u[:, bent] * (1 - e) / c[bent]
    return y.index_copy(1, flat, line).index_copy(1, bent, curve)


# %% right: masks and minimum
def first_order_units(t, b, c, c1):
    is_line = (c == 0).float()
    c_safe = c + is_line
    exponent = torch.minimum(-c_safe * t / b, torch.tensor(14.0))
    E = torch.exp(exponent)
    u = (t > 0).float()
    return is_line * (c1 + t * u / b) + (1 - is_line) * (c1 * E + u * (1 - E) / c_safe)


# %% right: in place on a tensor of its own
def first_order_units(t, b, c, c1):
    y = torch.empty_like(t)
    mask = c == 0
    u = torch.heaviside(t.detach(), torch.zeros(()))
    y[:, mask] = c1[mask] + (t * u / b)[:, mask]
    n = ~mask
    E = torch.clip(-t[:, n] * c[n] / b[n], max=14).exp()
    y[:, n] = c1[n] * E + u[:, n] * (1 - E) / c[n]
    return y


# %% wrong: the branch that is not used divides by 0
def first_order_units(t, b, c, c1):
    E = torch.exp((-c * t / b).clamp(max=14))
    u = (t > 0).float()
    return torch.where(c == 0, c1 + t * u / b, c1 * E + u * (1 - E) / c)


# %% wrong: capped after exp
def first_order_units(t, b, c, c1):
    safe = torch.where(c == 0, torch.ones_like(c), c)
    x = -safe * t / b
    E = torch.where(x > 14, torch.full_like(x, float(np.exp(14))), torch.exp(x))
    u = (t > 0).float()
    return torch.where(c == 0, c1 + t * u / b, c1 * E + u * (1 - E) / safe)


# %% wrong: the power of the part of u is not capped
def first_order_units(t, b, c, c1):
    safe = torch.where(c == 0, torch.ones_like(c), c)
    later = t.clamp(min=0)
    part = (1 - torch.exp(-safe * later / b)) / safe
    return torch.where(c == 0, c1 + later / b, c1 * torch.exp((-safe * t / b).clamp(max=14)) + part)


# %% wrong: t/b is capped too
def first_order_units(t, b, c, c1):
    safe = torch.where(c == 0, torch.ones_like(c), c)
    E = torch.exp((-safe * t / b).clamp(max=14))
    u = (t > 0).float()
    return torch.where(c == 0, c1 + (t * u / b).clamp(-14, 14), c1 * E + u * (1 - E) / safe)


# %% wrong: a loop over units
def first_order_units(t, b, c, c1):
    columns = []
    for j in range(len(b)):
        x, u = t[:, j], (t[:, j] > 0).float()
        if c[j] == 0:
            columns.append(c1[j] + x * u / b[j])
        else:
            E = torch.exp((-c[j] * x / b[j]).clamp(max=14))
            columns.append(c1[j] * E + u * (1 - E) / c[j])
    return torch.stack(columns, dim=1)


# %% wrong: no cap
def first_order_units(t, b, c, c1):
    safe = torch.where(c == 0, torch.ones_like(c), c)
    E = torch.exp(-safe * t / b)
    u = (t > 0).float()
    return torch.where(c == 0, c1 + t * u / b, c1 * E + u * (1 - E) / safe)


# %% wrong: a small number in place of c
def first_order_units(t, b, c, c1):
    safe = c + 1e-8
    E = torch.exp((-safe * t / b).clamp(max=14))
    u = (t > 0).float()
    return c1 * E + u * (1 - E) / safe


# %% wrong: the line is computed without gradients
def first_order_units(t, b, c, c1):
    with torch.no_grad():
        flat, u = c == 0, (t > 0).float()
        line = c1 + t * u / b
    safe = torch.where(flat, torch.ones_like(c), c)
    E = torch.exp((-safe * t / b).clamp(max=14))
    return torch.where(flat, line, c1 * E + u * (1 - E) / safe)


# %% wrong: e^(+ct/b)
def first_order_units(t, b, c, c1):
    safe = torch.where(c == 0, torch.ones_like(c), c)
    E = torch.exp((safe * t / b).clamp(max=14))
    u = (t > 0).float()
    return torch.where(c == 0, c1 + t * u / b, c1 * E + u * (1 - E) / safe)


# %% wrong: the output is capped
def first_order_units(t, b, c, c1):
    safe = torch.where(c == 0, torch.ones_like(c), c)
    E = torch.exp(-safe * t / b)
    u = (t > 0).float()
    return torch.where(c == 0, c1 + t * u / b, c1 * E + u * (1 - E) / safe).clamp(max=float(np.exp(14)))


# %% wrong: c is changed in place
def first_order_units(t, b, c, c1):
    flat = c == 0
    with torch.no_grad():
        c[flat] = 1.0
    E = torch.exp((-c * t / b).clamp(max=14))
    u = (t > 0).float()
    return torch.where(flat, c1 + t * u / b, c1 * E + u * (1 - E) / c)


# %% wrong: capped on both sides
def first_order_units(t, b, c, c1):
    safe = torch.where(c == 0, torch.ones_like(c), c)
    E = torch.exp((-safe * t / b).clamp(-14, 14))
    u = (t > 0).float()
    return torch.where(c == 0, c1 + t * u / b, c1 * E + u * (1 - E) / safe)


# %% wrong: the cap lets the gradient through
def first_order_units(t, b, c, c1):
    safe = torch.where(c == 0, torch.ones_like(c), c)
    x = -safe * t / b
    E = torch.exp(x + (x.clamp(max=14) - x).detach())
    u = (t > 0).float()
    return torch.where(c == 0, c1 + t * u / b, c1 * E + u * (1 - E) / safe)


# %% wrong: a loop over rows
def first_order_units(t, b, c, c1):
    safe = torch.where(c == 0, torch.ones_like(c), c)
    made = []
    for x in t:
        E = torch.exp((-safe * x / b).clamp(max=14))
        u = (x > 0).float()
        made.append(torch.where(c == 0, c1 + x * u / b, c1 * E + u * (1 - E) / safe))
    return torch.stack(made)

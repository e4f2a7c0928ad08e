# %% right: a table of two axes
def position_bias(table, window):
    side = 2 * window - 1
    square = table.reshape(side, side, -1)
    place = torch.arange(window)
    away = place[:, None] - place + window - 1  # (query, key)
    # (row of the query, row of the key, column of the query, column of the key, heads)
    all_pairs = square[away[:, :, None, None], away[None, None]]
    return all_pairs.permute(4, 0, 2, 1, 3).reshape(table.shape[1], window**2, window**2)


# %% right: loops and a stack
def position_bias(table, window):
    rows = []
    for i in range(window * window):
        for j in range(window * window):
            down = i // window - j // window + window - 1
            right = i % window - j % window + window - 1
            rows.append(table[down * (2 * window - 1) + right])
    return torch.stack(rows).T.reshape(-1, window * window, window * window)


# %% right: codes that subtract, and index_select
def position_bias(table, window):
    tokens = torch.arange(window * window)
    code = tokens // window * (2 * window - 1) + tokens % window
    index = (code[:, None] - code[None, :]).flatten() + 2 * window * (window - 1)
    return torch.index_select(table, 0, index).view(window**2, window**2, -1).movedim(2, 0)


# %% right: an embedding, the index made by NumPy
def position_bias(table, window):
    coords = np.stack(np.meshgrid(np.arange(window), np.arange(window), indexing="ij")).reshape(2, -1)
    relative = coords[:, :, None] - coords[:, None, :] + window - 1
    index = torch.from_numpy(relative[0] * (2 * window - 1) + relative[1])
    return torch.nn.functional.embedding(index, table).permute(2, 0, 1).contiguous()


# %% right: one-hot rows times the table
def position_bias(table, window):
    m = window
    index = torch.tensor(
        [
            [(i // m - j // m + m - 1) * (2 * m - 1) + i % m - j % m + m - 1 for j in range(m * m)]
            for i in range(m * m)
        ]
    )
    chosen = torch.nn.functional.one_hot(index, len(table)).to(table.dtype)
    return torch.einsum("ijr,rh->hij", chosen, table)


# %% wrong: key minus query
def position_bias(table, window):
    row, column = torch.arange(window).repeat_interleave(window), torch.arange(window).repeat(window)
    down, right = row - row[:, None] + window - 1, column - column[:, None] + window - 1
    return table[down * (2 * window - 1) + right].permute(2, 0, 1)


# %% wrong: row and column exchanged
def position_bias(table, window):
    row, column = torch.arange(window).repeat_interleave(window), torch.arange(window).repeat(window)
    down, right = row[:, None] - row + window - 1, column[:, None] - column + window - 1
    return table[right * (2 * window - 1) + down].permute(2, 0, 1)


# %% wrong: modulo instead of an offset
def position_bias(table, window):
    side = 2 * window - 1
    row, column = torch.arange(window).repeat_interleave(window), torch.arange(window).repeat(window)
    down, right = (row[:, None] - row) % side, (column[:, None] - column) % side
    return table[down * side + right].permute(2, 0, 1)


# %% wrong: heads last
def position_bias(table, window):
    row, column = torch.arange(window).repeat_interleave(window), torch.arange(window).repeat(window)
    down, right = row[:, None] - row + window - 1, column[:, None] - column + window - 1
    return table[down * (2 * window - 1) + right]


# %% wrong: heads in front by a reshape
def position_bias(table, window):
    row, column = torch.arange(window).repeat_interleave(window), torch.arange(window).repeat(window)
    down, right = row[:, None] - row + window - 1, column[:, None] - column + window - 1
    return table[down * (2 * window - 1) + right].reshape(-1, window**2, window**2)


# %% wrong: the offset of a window of two
def position_bias(table, window):
    row, column = torch.arange(window).repeat_interleave(window), torch.arange(window).repeat(window)
    down, right = row[:, None] - row + 1, column[:, None] - column + 1
    return table[(down * (2 * window - 1) + right) % len(table)].permute(2, 0, 1)


# %% wrong: rows of the table are as long as a window and a half
def position_bias(table, window):
    row, column = torch.arange(window).repeat_interleave(window), torch.arange(window).repeat(window)
    down, right = row[:, None] - row + window - 1, column[:, None] - column + window - 1
    return table[(down * (window + 1) + right) % len(table)].permute(2, 0, 1)


# %% wrong: distances without a sign
def position_bias(table, window):
    row, column = torch.arange(window).repeat_interleave(window), torch.arange(window).repeat(window)
    down, right = (row[:, None] - row).abs() + window - 1, (column[:, None] - column).abs() + window - 1
    return table[down * (2 * window - 1) + right].permute(2, 0, 1)


# %% wrong: tokens column by column
def position_bias(table, window):
    column, row = torch.arange(window).repeat_interleave(window), torch.arange(window).repeat(window)
    down, right = row[:, None] - row + window - 1, column[:, None] - column + window - 1
    return table[down * (2 * window - 1) + right].permute(2, 0, 1)


# %% wrong: detached
def position_bias(table, window):
    row, column = torch.arange(window).repeat_interleave(window), torch.arange(window).repeat(window)
    down, right = row[:, None] - row + window - 1, column[:, None] - column + window - 1
    return table.detach()[down * (2 * window - 1) + right].permute(2, 0, 1)


# %% wrong: through NumPy
def position_bias(table, window):
    values = table.detach().numpy()
    row, column = np.divmod(np.arange(window**2), window)
    index = (row[:, None] - row + window - 1) * (2 * window - 1) + column[:, None] - column + window - 1
    return torch.tensor(values[index].transpose(2, 0, 1))


# %% wrong: always float32
def position_bias(table, window):
    row, column = torch.arange(window).repeat_interleave(window), torch.arange(window).repeat(window)
    down, right = row[:, None] - row + window - 1, column[:, None] - column + window - 1
    return table.float()[down * (2 * window - 1) + right].permute(2, 0, 1)

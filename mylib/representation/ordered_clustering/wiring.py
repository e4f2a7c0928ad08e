"""The layers of the ORID network, once for both sides: `nn` is the engine's or PyTorch's."""

from mylib.representation.ordered_clustering.contract import HIDDEN


def sides(size):
    """The side of the image, and after each of three halvings, rounded up."""
    halves = [size]
    for _ in range(3):
        halves.append((halves[-1] + 1) // 2)
    return halves


def make_encoder(nn, channels, size, width, dim):
    """Three convolutions of stride 2, then a linear map to the feature."""
    layers, before = [], channels
    for after in (width, 2 * width, 2 * width):
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.ReLU()]
        before = after
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(before * sides(size)[-1] ** 2, dim))


def make_decoder(nn, channels, size, width, dim):
    """A linear map to a small image, and three transposed convolutions to the full one; a sigmoid at the end."""
    halves = sides(size)
    grow = []
    for before, after, large in zip(
        (2 * width, 2 * width, width), (2 * width, width, channels), halves[2::-1], strict=True
    ):
        padding = 1 - large % 2  # halving rounds up: an odd side comes back without it
        grow += [nn.ReLU(), nn.ConvTranspose2d(before, after, 3, stride=2, padding=1, output_padding=padding)]
    return nn.Sequential(nn.Linear(dim, 2 * width * halves[-1] ** 2), nn.Sequential(*grow, nn.Sigmoid()))


def make_comparator(nn, order_dim):
    """Two order parts, side by side, to three scores."""
    inner = [nn.Linear(2 * order_dim, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU()]
    return nn.Sequential(*inner, nn.Linear(HIDDEN, 3))

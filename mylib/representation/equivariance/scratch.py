r"""Capsules in NumPy: vectors that squash to lengths below 1, routing by agreement, the network and its two losses.

Notation, as in the paper: u_i is capsule i of the layer below, u_{j|i} its vote for capsule j above, c_ij the share of
i that goes to j, s_j what j receives, v_j the capsule. What moves an image, and how far a map follows, stands in
`scratch_poses`.
"""

import numpy as np

from mylib.engine import as_tensor, nn, record, softmax
from mylib.engine.random import generator
from mylib.representation.equivariance import contract
from mylib.representation.equivariance.scratch_poses import (
    equivariance_error,
    pose_votes,
    translate,
    vote_disagreement,
)

__all__ = [
    "translate",
    "equivariance_error",
    "squash",
    "capsule_lengths",
    "dynamic_routing",
    "PrimaryCapsules",
    "DigitCapsules",
    "CapsNet",
    "margin_loss",
    "reconstruction_loss",
    "pose_votes",
    "vote_disagreement",
]


def squash(s):
    r"""v = s ||s|| / (1 + ||s||^2): the direction of s, with a length n^2 / (1 + n^2) below 1; v(0) = 0.

    Gradient: with n = ||s|| and g(n) = n / (1 + n^2) the Jacobian is g I + (g' / n) s s^T,
    g' = (1 - n^2) / (1 + n^2)^2; at s = 0 it is 0.

    Args:    s: what capsules receive, floating point. Shape (..., dim).
    Returns: Tensor of s's shape.
    Raises:  ValueError: s is a single number.
    Source:  Sabour, Frosst, Hinton (2017), equation 1, without its division by ||s||. Differs: many codes
             add a small number under the root; none is needed.

    Example:
        >>> squash(np.array([[3.0, 4.0]])).numpy().round(4).tolist()  # of length 25 / 26
        [[0.5769, 0.7692]]
    """
    s = as_tensor(s)
    contract.check_vectors("squash", s.shape)
    n = np.sqrt((s.data * s.data).sum(axis=-1, keepdims=True))
    return record(s.data * (n / (1 + n * n)), _squash_backward, (s.data, n), s._node)


def _squash_backward(gradient, needs, s, n):
    """dL/ds = g G + (g' / n) (s . G) s; the second term tends to 0 with s, as |s . G| <= n ||G||."""
    along = (s * gradient).sum(axis=-1, keepdims=True) / np.where(n > 0, n, 1)
    return (n / (1 + n * n) * gradient + (1 - n * n) / (1 + n * n) ** 2 * along * s,)


def capsule_lengths(v):
    r"""||v||, along the last axis: how sure a capsule is.

    Gradient: v / ||v||, and 0 at v = 0, where a square root alone would give NaN.

    Args:    v: capsules. Shape (..., dim).
    Returns: Tensor. Shape (...,).
    Raises:  ValueError: v is a single number.
    Source:  Sabour et al. (2017), section 2. Differs: none.

    Example:
        >>> capsule_lengths(np.array([[0.3, 0.4], [0.0, 0.0]])).numpy().round(4).tolist()
        [0.5, 0.0]
    """
    v = as_tensor(v)
    contract.check_vectors("capsule_lengths", v.shape)
    n = np.sqrt((v.data * v.data).sum(axis=-1))
    return record(n, _lengths_backward, (v.data, n), v._node)


def _lengths_backward(gradient, needs, v, n):
    """dL/dv = g v / ||v||, 0 at 0."""
    return ((gradient / np.where(n > 0, n, 1))[..., None] * v,)


def dynamic_routing(votes, iterations=3):
    r"""Routing by agreement: each part sends its vote to the wholes that agree with it.

    b_ij = 0 for each image anew, and in each round
    c_i = softmax over j of b_i,  s_j = sum_i c_ij u_{j|i},  v_j = squash(s_j),  b_ij += u_{j|i} . v_j,
    the last of these not in the last round. The softmax is over the *outputs*: a part divides itself among wholes. The
    gradient flows through all rounds.

    Args:    votes: u_{j|i}. Shape (batch, inputs, outputs, dim).
             iterations: rounds, at least 1; 1 is a plain mean.
    Returns: pair of Tensors: capsules (batch, outputs, dim), and the last round's couplings c (batch, inputs, outputs).
    Raises:  ValueError: votes of another shape, or iterations below 1.
             TypeError: iterations that are no whole number.
    Source:  Sabour et al. (2017), procedure 1. Differs: the paper does not say whether the gradient flows
             through the earlier rounds; some codes cut it.

    Example:
        >>> votes = np.array([[[[1.0, 0], [0, 1]], [[1, 0], [0, -1]]]])  # two parts agree on A, and not on B
        >>> capsules, couplings = dynamic_routing(votes)
        >>> couplings.numpy()[0].round(4).tolist(), capsules.numpy()[0].round(4).tolist()
        ([[0.7517, 0.2483], [0.7517, 0.2483]], [[0.6933, 0.0], [0.0, 0.0]])
    """
    votes = as_tensor(votes)
    contract.check_votes(votes.shape, iterations)
    logits = as_tensor(np.zeros(votes.shape[:3], votes.dtype))
    for round_ in range(iterations):
        couplings = softmax(logits, axis=2)
        received = (couplings.unsqueeze(3) * votes).sum(axis=1)  # s_j: (batch, outputs, dim)
        capsules = squash(received)
        if round_ < iterations - 1:
            logits = logits + (votes * capsules.unsqueeze(1)).sum(axis=3)
    return capsules, couplings


class PrimaryCapsules(nn.Module):
    r"""The lowest capsules: a convolution whose channels are taken as vectors, u = squash(W * x + b).

    Channel t * dim + d is entry d of type t; capsule t * positions + p stands at position p, row by row. No ReLU.

    Args:    channels_in: of the map.
             types: kinds of capsules at each position.
             dim: numbers in a capsule.
             kernel, stride: of the convolution, without padding.
    Returns: of a map (batch, channels_in, height, width): (batch, types * positions, dim).
    Raises:  ValueError: sizes below 1, or a map that does not fit.
    Source:  Sabour et al. (2017), section 4, figure 1. Differs: none.

    Example:
        >>> PrimaryCapsules(3, types=4, dim=8, kernel=3)(np.zeros((2, 3, 9, 9), np.float32)).shape
        (2, 64, 8)
    """

    def __init__(self, channels_in, types, dim, kernel=9, stride=2):
        super().__init__()
        contract.check_primary(channels_in, types, dim, kernel, stride)
        self.types, self.dim = types, dim
        self.convolution = nn.Conv2d(channels_in, types * dim, kernel, stride)

    def forward(self, x):
        """The map to capsules."""
        y = self.convolution(x)
        positions = y.shape[2] * y.shape[3]
        y = y.reshape(len(y), self.types, self.dim, positions).permute(0, 1, 3, 2)  # (batch, types, positions, dim)
        return squash(y.reshape(len(y), self.types * positions, self.dim))


class DigitCapsules(nn.Module):
    r"""One capsule for each class: votes u_{j|i} = W_ij u_i, then routing by agreement.

    Args:    inputs: capsules below.
             classes: capsules here.
             dim_in, dim: their sizes.
             iterations: rounds of routing.
    Returns: of capsules (batch, inputs, dim_in): (batch, classes, dim).
    Raises:  ValueError: sizes below 1, or capsules that do not fit.
    Source:  Sabour et al. (2017), equation 2. Differs: W is drawn normal with deviation 0.1; the authors' code
             adds a bias to each output, the paper's equations have none, nor have we.

    Example:
        >>> DigitCapsules(6, classes=3, dim_in=4, dim=5)(np.ones((2, 6, 4), np.float32)).shape
        (2, 3, 5)
    """

    def __init__(self, inputs, classes, dim_in, dim, iterations=3):
        super().__init__()
        contract.check_digit(inputs, classes, dim_in, dim, iterations)
        self.iterations = iterations
        self.weight = nn.Parameter(generator().normal(0, 0.1, (inputs, classes, dim, dim_in)).astype(np.float32))

    def votes(self, u):
        """W_ij u_i, one product of matrices an input: (batch, inputs, dim_in) to (batch, inputs, classes, dim)."""
        u = as_tensor(u)
        inputs, classes, dim, dim_in = self.weight.shape
        contract.check_capsules("DigitCapsules", u.shape, inputs, dim_in)
        matrices = self.weight.reshape(inputs, classes * dim, dim_in).swapaxes(1, 2)
        return (u.swapaxes(0, 1) @ matrices).swapaxes(0, 1).reshape(len(u), inputs, classes, dim)

    def forward(self, u):
        """Capsules below to capsules of classes."""
        return dynamic_routing(self.votes(u), self.iterations)[0]


class CapsNet(nn.Module):
    r"""Image, convolution and ReLU, primary capsules, digit capsules; and a decoder from one capsule to the image.

    Args:    channels, image_size: of the square images.
             classes: number of digit capsules.
             width: channels of the first convolution.
             types, primary_dim: of the primary capsules.
             dim: numbers in a digit capsule.
             kernel: of both convolutions, with strides 1 and 2.
             iterations: rounds of routing.
             hidden: units of the decoder's two hidden layers.
    Returns: of images (batch, channels, image_size, image_size): capsules (batch, classes, dim).
    Raises:  ValueError: sizes below 1, an image too small for both kernels, or images of another size.
    Source:  Sabour et al. (2017), figures 1 and 2, 8.2 million parameters. Differs: none in the sizes.

    Example:
        >>> net = CapsNet(image_size=11, width=4, types=2, kernel=5, hidden=(8, 8))
        >>> capsules = net(np.zeros((2, 1, 11, 11), np.float32))
        >>> capsules.shape, net.reconstruct(capsules).shape
        ((2, 10, 16), (2, 1, 11, 11))
    """

    def __init__(
        self,
        channels=1,
        image_size=28,
        classes=10,
        width=256,
        types=32,
        primary_dim=8,
        dim=16,
        kernel=9,
        iterations=3,
        hidden=(512, 1024),
    ):
        super().__init__()
        side = contract.primary_side(image_size, kernel)
        contract.check_network(channels, classes, width, hidden)
        self.shape, self.classes, self.dim = (channels, image_size, image_size), classes, dim
        self.convolution = nn.Conv2d(channels, width, kernel)
        self.primary = PrimaryCapsules(width, types, primary_dim, kernel)
        self.digit = DigitCapsules(types * side * side, classes, primary_dim, dim, iterations)
        layers = [nn.Linear(classes * dim, hidden[0]), nn.ReLU(), nn.Linear(hidden[0], hidden[1]), nn.ReLU()]
        self.decoder = nn.Sequential(*layers, nn.Linear(hidden[1], channels * image_size**2), nn.Sigmoid())

    def forward(self, images):
        """Images to capsules of classes."""
        images = as_tensor(images)
        contract.check_images(images.shape, *self.shape[:2])
        return self.digit(self.primary(self.convolution(images).relu()))

    def reconstruct(self, capsules, labels=None):
        """The image that one capsule tells of; all others are set to 0.

        Args:    capsules: (batch, classes, dim).
                 labels: which capsule, integers (batch,); None takes the longest, of equal ones the lowest class.
        Returns: Tensor, pixels in (0, 1). Shape (batch, channels, image_size, image_size).
        Raises:  ValueError: shapes that do not fit, or labels without a capsule.
        """
        v = as_tensor(capsules)
        labels = None if labels is None else np.asarray(labels)
        contract.check_reconstruction(v.shape, self.classes, self.dim, None if labels is None else labels.shape)
        if labels is None:
            labels = np.square(v.data).sum(axis=-1).argmax(axis=1)
        chosen = _one_hot("reconstruct", labels, self.classes).astype(v.dtype)
        return self.decoder((v * chosen[:, :, None]).reshape(len(v), self.classes * self.dim)).reshape(
            len(v), *self.shape
        )


def margin_loss(lengths, labels, m_plus=0.9, m_minus=0.1, weight=0.5):
    r"""L = sum_k T_k max(0, m+ - ||v_k||)^2 + w (1 - T_k) max(0, ||v_k|| - m-)^2, mean over the batch.

    Both hinges are squared, and summed over the classes. Several classes may be there: several T_k are 1.

    Args:    lengths: ||v_k||. Shape (batch, classes).
             labels: class numbers, integers (batch,); or T, 0 and 1, (batch, classes).
             m_plus, m_minus: margins in [0, 1]: longer than m+ if there, shorter than m- if not.
             weight: w of the classes that are not there.
    Returns: scalar Tensor.
    Raises:  ValueError: shapes that do not fit, an empty batch, labels that are no class, or margins out of order.
    Source:  Sabour et al. (2017), equation 4. Differs: none.

    Example:
        >>> round(margin_loss([[0.5, 0.3]], [0]).item(), 4)  # 0.4^2 + 0.5 * 0.2^2
        0.18
    """
    lengths, labels = as_tensor(lengths), np.asarray(labels)
    contract.check_margin(lengths.shape, labels.shape, m_plus, m_minus, weight)
    if labels.ndim == 2:
        contract.check_marks(labels[(labels != 0) & (labels != 1)].tolist())
        there = labels.astype(lengths.dtype)
    else:
        there = _one_hot("margin_loss", labels, lengths.shape[1]).astype(lengths.dtype)
    missing, surplus = (m_plus - lengths).relu(), (lengths - m_minus).relu()
    loss = there * missing * missing + weight * (1 - there) * surplus * surplus
    return loss.sum(axis=1).mean()


def _one_hot(operation, labels, classes):
    bad = labels[(labels < 0) | (labels >= classes)]
    contract.check_classes(operation, str(labels.dtype), bad.tolist(), classes)
    return labels[:, None] == np.arange(classes)


def reconstruction_loss(reconstruction, images, weight=0.0005):
    r"""L = w sum over pixels of (reconstruction - image)^2, mean over the batch.

    The *sum*: for 784 pixels it is 0.392 times their mean. It stays small, so that the margin loss leads.

    Args:    reconstruction: from `CapsNet.reconstruct`. Shape (batch, ...).
             images: of the same shape.
             weight: w.
    Returns: scalar Tensor.
    Raises:  ValueError: two shapes, an empty batch, or a negative weight.
    Source:  Sabour et al. (2017), section 4.1. Differs: none.

    Example:
        >>> reconstruction_loss([[1.0, 0.0]], [[0.0, 2.0]], weight=0.5).item()
        2.5
    """
    reconstruction, images = as_tensor(reconstruction), as_tensor(images)
    contract.check_pictures(reconstruction.shape, images.shape, weight)
    apart = reconstruction - images
    return weight * (apart * apart).sum() / len(images)

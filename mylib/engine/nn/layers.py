r"""Layers. Constructor arguments, parameter names and shapes, and initial distributions are those of torch.nn."""

import math

import numpy as np

from mylib.engine import activations, convolution, linear, norms, pooling, random, shaping
from mylib.engine.nn.module import Module, Parameter


def _uniform(shape, fan_in):
    """U(-1 / sqrt(fan_in), 1 / sqrt(fan_in)): torch's draw for weights and biases (He's rule with slope sqrt 5)."""
    bound = 1 / math.sqrt(fan_in) if fan_in else 0
    return Parameter(random.generator().uniform(-bound, bound, shape).astype(np.float32))


def _tuple(value, axes):
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * axes


class Linear(Module):
    """y = x W^T + b; see `engine.linear`.

    Args:    in_features, out_features: lengths of x's and y's last axis.
             bias: whether to add b.
    Source:  elementary. Differs: none; weights are drawn as torch draws them.
    """

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = _uniform((out_features, in_features), in_features)
        self.bias = _uniform((out_features,), in_features) if bias else None

    def forward(self, x):
        """X (..., in_features) to (..., out_features)."""
        return linear.linear(x, self.weight, self.bias)

    def extra_repr(self):
        """The sizes."""
        return f"{self.in_features}, {self.out_features}, bias={self.bias is not None}"


class _Convolution(Module):
    """What the convolutions share: parameters and options."""

    axes = 2

    def __init__(self, shape, fan_in, in_channels, out_channels, stride, padding, dilation, groups, bias):
        super().__init__()
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{type(self).__name__}: groups={groups} must divide in_channels={in_channels} and "
                f"out_channels={out_channels}"
            )
        self.in_channels, self.out_channels, self.kernel_size = in_channels, out_channels, tuple(shape[2:])
        self.stride, self.padding, self.dilation = (_tuple(v, self.axes) for v in (stride, padding, dilation))
        self.groups = groups
        self.weight = _uniform(shape, fan_in)
        self.bias = _uniform((out_channels,), fan_in) if bias else None

    def extra_repr(self):
        """The options."""
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"padding={self.padding}, dilation={self.dilation}, groups={self.groups}, bias={self.bias is not None}"
        )


class Conv2d(_Convolution):
    """A layer of kernels over images; see `engine.conv2d`.

    Args:    in_channels, out_channels: of x and y.
             kernel_size, stride, padding, dilation: a number or a pair.
             groups: into how many independent groups the channels fall.
             bias: whether to add b.
    Raises:  ValueError: groups does not divide both channel numbers.
    Source:  LeCun et al. (1989). Differs: torch's padding modes and "same" do not exist here.
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True):
        shape = (out_channels, in_channels // max(groups, 1), *_tuple(kernel_size, self.axes))
        fan_in = math.prod(shape[1:])
        super().__init__(shape, fan_in, in_channels, out_channels, stride, padding, dilation, groups, bias)

    def forward(self, x):
        """Images (batch, in_channels, height, width) to (batch, out_channels, height', width')."""
        options = self.stride, self.padding, self.dilation, self.groups
        return convolution.conv2d(x, self.weight, self.bias, *options)


class Conv3d(Conv2d):
    """A layer of kernels over clips; see `engine.conv3d`.

    Args:    as for `Conv2d`, with numbers or triples (time, vertical, horizontal).
    Raises:  ValueError: groups does not divide both channel numbers.
    Source:  Tran et al. (2015). Differs: as `Conv2d`.
    """

    axes = 3

    def forward(self, x):
        """Clips (batch, in_channels, time, height, width) to (batch, out_channels, time', height', width')."""
        options = self.stride, self.padding, self.dilation, self.groups
        return convolution.conv3d(x, self.weight, self.bias, *options)


class ConvTranspose2d(_Convolution):
    """A layer that enlarges images; see `engine.conv_transpose2d`.

    Args:    in_channels, out_channels: of x and y.
             kernel_size, stride, padding, output_padding, dilation: a number or a pair.
             groups: into how many independent groups the channels fall.
             bias: whether to add b.
    Raises:  ValueError: groups does not divide both channel numbers.
    Source:  Zeiler et al. (2010). Differs: as `engine.conv_transpose2d`.
    """

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        output_padding=0,
        groups=1,
        bias=True,
        dilation=1,
    ):
        shape = (in_channels, out_channels // max(groups, 1), *_tuple(kernel_size, 2))
        fan_in = math.prod(shape[1:])
        super().__init__(shape, fan_in, in_channels, out_channels, stride, padding, dilation, groups, bias)
        self.output_padding = _tuple(output_padding, 2)

    def forward(self, x):
        """(batch, in_channels, height, width) to (batch, out_channels, height', width')."""
        return convolution.conv_transpose2d(
            x,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            self.output_padding,
            self.dilation,
            self.groups,
        )


class _Pool(Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.kernel_size, self.stride, self.padding = (
            kernel_size,
            kernel_size if stride is None else stride,
            padding,
        )

    def extra_repr(self):
        """The options."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxPool2d(_Pool):
    """The maximum of each window; see `engine.max_pool2d`.

    Args:    kernel_size: a number or a pair.
             stride: a number or a pair; None is the kernel.
             padding: a number or a pair, at most half the kernel.
    Source:  Zhou and Chellappa (1988). Differs: no dilation, no indices.
    """

    def forward(self, x):
        """The maximum of each window."""
        return pooling.max_pool2d(x, self.kernel_size, self.stride, self.padding)


class MeanPool2d(_Pool):
    """The mean of each window; see `engine.mean_pool2d`.

    Args:    kernel_size: a number or a pair.
             stride: a number or a pair; None is the kernel.
             padding: a number or a pair, at most half the kernel; the zeros count.
    Source:  LeCun et al. (1989). Differs: torch's name is AvgPool2d.
    """

    def forward(self, x):
        """The mean of each window."""
        return pooling.mean_pool2d(x, self.kernel_size, self.stride, self.padding)


class BatchNorm2d(Module):
    """See `engine.batch_norm`.

    Args:
        num_features: the number of channels.
        eps: keeps the divisor above 0.
        momentum: weight of a new batch in the running statistics.
        affine: whether to scale and shift by trained parameters.
        track_running_stats: whether to keep running statistics for evaluation; without, each batch uses its own.

    Source: Ioffe and Szegedy (2015).
    Differs: torch's momentum=None, a plain average of all batches, does not exist here.
    """

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True):
        super().__init__()
        if momentum is None or not 0 <= momentum <= 1:
            raise ValueError(f"BatchNorm2d: momentum={momentum}, expected a number in [0, 1]")
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight = Parameter(np.ones(num_features, np.float32)) if affine else None
        self.bias = Parameter(np.zeros(num_features, np.float32)) if affine else None
        tracked = track_running_stats
        self.register_buffer("running_mean", np.zeros(num_features, np.float32) if tracked else None)
        self.register_buffer("running_var", np.ones(num_features, np.float32) if tracked else None)
        self.register_buffer("num_batches_tracked", np.array(0) if tracked else None)

    def forward(self, x):
        """Images (batch, num_features, height, width), normalised per channel."""
        if len(x.shape) != 4 or x.shape[1] != self.num_features:
            raise ValueError(
                f"BatchNorm2d: got x of shape {x.shape}, expected (batch, {self.num_features}, height, width)"
            )
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked = self.num_batches_tracked + np.array([1]).reshape(())
        options = self.training, self.momentum, self.eps
        return norms.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, *options)

    def extra_repr(self):
        """The options."""
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"


class LayerNorm(Module):
    """Mean 0 and variance 1 over the last axes, then scale and shift; see `engine.layer_norm`.

    Args:    normalized_shape: the lengths of these axes, a number or tuple.
             eps: keeps the divisor above 0.
             elementwise_affine: whether to scale and shift by trained parameters.
             bias: whether to shift, where it scales.
    Source:  Ba, Kiros and Hinton (2016). Differs: none.
    """

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True):
        super().__init__()
        self.normalized_shape, self.eps = _tuple(normalized_shape, 1), eps
        affine = elementwise_affine
        self.weight = Parameter(np.ones(self.normalized_shape, np.float32)) if affine else None
        self.bias = Parameter(np.zeros(self.normalized_shape, np.float32)) if affine and bias else None

    def forward(self, x):
        """X (..., *normalized_shape), normalised over the last axes."""
        return norms.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self):
        """The options."""
        return f"{self.normalized_shape}, eps={self.eps}"


class GroupNorm(Module):
    """Mean 0 and variance 1 over each group of channels, then scale and shift; see `engine.group_norm`.

    Args:    num_groups: into how many groups the channels fall.
             num_channels: of x.
             eps: keeps the divisor above 0.
             affine: whether to scale and shift by trained parameters.
    Raises:  ValueError: the channels do not divide into the groups.
    Source:  Wu and He (2018). Differs: none.
    """

    def __init__(self, num_groups, num_channels, eps=1e-5, affine=True):
        super().__init__()
        if num_groups < 1 or num_channels % num_groups:
            raise ValueError(f"GroupNorm: num_channels={num_channels} do not divide into num_groups={num_groups}")
        self.num_groups, self.num_channels, self.eps = num_groups, num_channels, eps
        self.weight = Parameter(np.ones(num_channels, np.float32)) if affine else None
        self.bias = Parameter(np.zeros(num_channels, np.float32)) if affine else None

    def forward(self, x):
        """X (batch, num_channels, ...), normalised over each group."""
        return norms.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self):
        """The options."""
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}"


class Dropout(Module):
    """Zero elements at random in training, do nothing in evaluation; see `engine.dropout`.

    Args:    p: probability of dropping, in [0, 1].
    Raises:  ValueError: p is not a probability.
    Source:  Srivastava et al. (2014). Differs: none.
    """

    def __init__(self, p=0.5):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout: p={p}, expected a probability in [0, 1]")
        self.p = p

    def forward(self, x):
        """X with elements dropped in training, x itself in evaluation."""
        return random.dropout(x, self.p, self.training)

    def extra_repr(self):
        """The probability."""
        return f"p={self.p}"


class Embedding(Module):
    """A table of rows to look up; see `engine.embedding`.

    Args:    num_embeddings: rows of the table.
             embedding_dim: length of a row; rows are drawn from a standard normal distribution.
    Source:  Bengio et al. (2003). Differs: no padding row, no renormalisation.
    """

    def __init__(self, num_embeddings, embedding_dim):
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        rows = random.generator().standard_normal((num_embeddings, embedding_dim))
        self.weight = Parameter(rows.astype(np.float32))

    def forward(self, indices):
        """Integers of any shape to (*shape, embedding_dim)."""
        return shaping.embedding(indices, self.weight)

    def extra_repr(self):
        """The sizes."""
        return f"{self.num_embeddings}, {self.embedding_dim}"


class Flatten(Module):
    """Join axes; see `engine.flatten`. The batch axis stays by default.

    Args:    start_axis, end_axis: the first and the last axis to join.
    Source:  elementary. Differs: torch calls them start_dim and end_dim.
    """

    def __init__(self, start_axis=1, end_axis=-1):
        super().__init__()
        self.start_axis, self.end_axis = start_axis, end_axis

    def forward(self, x):
        """X with the axes joined."""
        return shaping.flatten(x, self.start_axis, self.end_axis)


class ReLU(Module):
    """max(x, 0); see `engine.relu`.

    Args:    none.
    Source:  Nair and Hinton (2010). Differs: never in place.
    """

    def forward(self, x):
        """max(x, 0)."""
        return activations.relu(x)


class Tanh(Module):
    """The hyperbolic tangent; see `engine.tanh`.

    Args:    none.
    Source:  elementary. Differs: none.
    """

    def forward(self, x):
        """The hyperbolic tangent."""
        return activations.tanh(x)


class Sigmoid(Module):
    """1 / (1 + e^-x); see `engine.sigmoid`.

    Args:    none.
    Source:  elementary. Differs: none.
    """

    def forward(self, x):
        """1 / (1 + e^-x)."""
        return activations.sigmoid(x)


class GELU(Module):
    """x Phi(x); see `engine.gelu`.

    Args:    approximate: "none" or "tanh".
    Source:  Hendrycks and Gimpel (2016). Differs: none.
    """

    def __init__(self, approximate="none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, x):
        """x Phi(x)."""
        return activations.gelu(x, self.approximate)

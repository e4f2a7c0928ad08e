"""What both sides of convolution promise: the border rules, and what filters, layers and sizes refuse."""

from mylib.shared import expect, expect_choice, expect_range

BORDERS = ("valid", "zero", "wrap", "replicate", "reflect")


def check_signal(signal, kernel):
    """A signal, or a stack of them, and a row of weights."""
    expect("conv1d", signal=(signal, "... n"), kernel=(kernel, "k"))


def check_filter(image, kernel, padding):
    """An image, or a stack of them, a border rule, and a kernel that it lets stand at every pixel of the result."""
    expect_choice("correlate2d", BORDERS, padding=padding)
    expect("correlate2d", image=(image, "... height width"), kernel=(kernel, "k_h k_w"))
    image, kernel = tuple(image), tuple(kernel)
    if padding != "valid" and (kernel[0] % 2 == 0 or kernel[1] % 2 == 0):
        raise ValueError(
            f"correlate2d: expected an odd kernel, so that it has a middle, got {kernel}; use padding='valid'"
        )
    for size, k in zip(image[-2:], kernel, strict=True):
        if size < (k if padding == "valid" else k // 2 + 1):
            raise ValueError(
                f"correlate2d: expected a kernel that fits the image {image}, got {kernel}; use a smaller one"
            )


def check_layer(operation, x, weight, groups):
    """Images and kernels of a layer, and groups that divide the channels."""
    if len(x) != 4 or len(weight) != 4 or groups < 1 or weight[1] * groups != x[1] or weight[0] % groups:
        raise ValueError(
            f"{operation}: expected x (batch, channels, height, width) and weight (out, channels / {groups}, k, k), "
            f"got {tuple(x)} and {tuple(weight)}; is an axis missing, or another number of groups meant?"
        )


def check_sizes(size, kernel, stride, padding, dilation):
    """Sizes that there are, and a kernel that fits the padded input."""
    expect_range("output_size", 1, None, size=size, kernel=kernel, stride=stride, dilation=dilation)
    expect_range("output_size", 0, None, padding=padding)
    if dilation * (kernel - 1) + 1 > size + 2 * padding:
        raise ValueError(
            f"output_size: expected a kernel that fits, got {kernel} taps with dilation {dilation} on {size} with "
            f"padding {padding}; pad more, or use a smaller kernel or dilation"
        )


def check_groups(channels_in, channels_out, groups):
    """Groups that divide the channels."""
    if groups < 1 or channels_in % groups or channels_out % groups:
        raise ValueError(
            f"conv_parameters: expected channels that {groups} groups divide, got {channels_in} and {channels_out}"
        )


def check_classes(classes):
    """That there is something to tell apart."""
    expect_range("LeNet", 1, None, classes=classes)


def check_digits(images):
    """Images of the size that LeNet was made for."""
    expect("LeNet", "resize or pad them", images=(images, "batch 1 28 28"))

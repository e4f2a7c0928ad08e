r"""Fully test-time adaptation by entropy minimisation (TENT), in NumPy.

Notation: f(x) are the model's logits, p = softmax(f(x)), H = -sum_c p_c log p_c is the entropy of one answer, in nats;
gamma and beta are scale and shift of a normalisation layer, its `weight` and `bias`; mu and sigma are mean and
deviation of a channel over the test batch and all positions.
"""

import contextlib
import copy

from mylib.engine import as_tensor, nn, tape
from mylib.few_labels.curriculum_labels.scratch import entropy
from mylib.trust.test_time import contract

__all__ = ["entropy", "configure_model", "collect_params", "Tent"]


def configure_model(model):
    r"""Prepare a trained model, in place: only y = gamma (x - mu) / sigma + beta may learn, mu and sigma of the batch.

    Everything is frozen but the scales and shifts of batch normalisation. These layers forget their running statistics
    and from now on use those of each batch, whatever their mode. All other layers are in evaluation mode.

    Args:    model: an `engine.nn.Module`, in either mode. It is changed: `copy.deepcopy` it first to keep the source
                 model.
    Returns: the same model.
    Raises:  ValueError: a model without `BatchNorm2d`.
    Source:  Wang et al. (2021); slide "Introduction". Differs: the authors' code calls train(), which switches dropout
             on; here nothing but normalisation sees the batch.

    Example:
        >>> model = configure_model(nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2)))
        >>> [name for name, parameter in model.named_parameters() if parameter.requires_grad]
        ['1.weight', '1.bias']
    """
    norms = _norms(model)
    contract.check_norms(norms, type(model).__name__, [type(one).__name__ for one in model.modules()])
    model.eval().requires_grad_(False)
    for _, norm in norms:
        norm.train()
        norm.running_mean = norm.running_var = norm.num_batches_tracked = None
        for parameter in (norm.weight, norm.bias):
            if parameter is not None:
                parameter.requires_grad = True
    return model


def collect_params(model):
    r"""The scales gamma and shifts beta of all batch normalisations: what TENT hands to its optimiser.

    They are found by the kind of their layer, not by their names; a parameter that two layers share comes once.

    Args:    model: an `engine.nn.Module`.
    Returns: list of parameters and list of their names, such as "stem.bn.weight", in the order of the model.
    Raises:  ValueError: there is none.
    Source:  Wang et al. (2021); slide "Introduction". Differs: none.

    Example:
        >>> parameters, names = collect_params(nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2)))
        >>> names, [parameter.shape for parameter in parameters]
        (['1.weight', '1.bias'], [(2,), (2,)])
    """
    found, norms = {}, _norms(model)
    for prefix, norm in norms:
        for name in ("weight", "bias"):
            if (parameter := getattr(norm, name)) is not None:
                found.setdefault(id(parameter), (parameter, f"{prefix}.{name}" if prefix else name))
    contract.check_adaptable(len(found), len(norms))
    parameters, names = zip(*found.values(), strict=True)
    return list(parameters), list(names)


def _norms(model):
    """Every batch normalisation, convnets' own among them, with its dotted name."""
    return [(name, module) for name, module in model.named_modules() if isinstance(module, nn.BatchNorm2d)]


class Tent:
    r"""Answer, then learn: each call returns f(x), then takes a step on the batch's mean entropy 1/n sum_i H(f(x_i)).

    The step comes after the answer and helps the next batch only: one forward and one backward pass for each batch.
    dH / df_k = -p_k (log p_k + H). With a learning rate of 0 it is "BN", statistics of the test batch without learning;
    with `loss=lambda z: consistency_loss(z, z, 0.9)[0]` it is "PL", pseudo-labels.

    Args:    model: prepared by `configure_model`. Calls change it, and `reset` brings it back: give a copy to keep the
                 source model.
             optimizer: of `engine.optim`, over `collect_params(model)[0]`. The paper: Adam at 0.001, batches of 200.
             loss: function of logits to a scalar; None is the mean entropy.
             steps: forward passes and steps for each batch; the answer is that of the last pass.
             episodic: whether to `reset` before each batch, so that no batch depends on another.
    Raises:  ValueError: fewer than one step, a model that is not prepared, an optimiser of another model's parameters,
                 a loss that is no scalar, an empty batch, or one image with maps of one position.
             TypeError: `episodic` is neither True nor False.
    Source:  Wang et al. (2021) and the authors' code; slide "Key Point : Entropy Minimization". Differs: the step
             happens under the caller's `no_grad` too, and the answer has no graph.

    Example:
        >>> import numpy as np
        >>> from mylib.engine import optim
        >>> model = configure_model(nn.Sequential(nn.BatchNorm2d(2), nn.Flatten()))
        >>> tent = Tent(model, optim.SGD(collect_params(model)[0], learning_rate=0.1))
        >>> x = np.array([[1.0, 0.0], [3.0, 0.0]], np.float32).reshape(2, 2, 1, 1)
        >>> first, second = tent(x), tent(x)
        >>> bool(entropy(second).mean().item() < entropy(first).mean().item())
        True
        >>> tent.reset()
        >>> bool((tent(x).data == first.data).all())
        True
    """

    def __init__(self, model, optimizer, loss=None, steps=1, episodic=False):
        norms = [norm for _, norm in _norms(model)]
        contract.check_tent(steps, episodic, sum(norm.running_mean is not None for norm in norms), len(norms))
        own = {id(parameter) for parameter in model.parameters()}
        contract.check_optimizer(len(optimizer.params), sum(id(one) not in own for one in optimizer.params))
        self.model, self.optimizer, self.loss, self.steps, self.episodic = model, optimizer, loss, steps, episodic
        self._weights, self._memory = model.state_dict(), _memory_of(optimizer)

    def __call__(self, x):
        """Logits of a batch, from before the last step.

        Args:    x: images, (batch, channels, height, width).
        Returns: Tensor without a graph, (batch, classes).
        """
        x = as_tensor(x).detach()
        contract.check_images(x.shape)
        if self.episodic:
            self.reset()
        with _recording():
            for _ in range(self.steps):
                try:
                    logits = self.model(x)
                except ValueError as error:
                    contract.explain(error, x.shape)
                loss = entropy(logits).mean() if self.loss is None else self.loss(logits)
                contract.check_loss(loss.shape)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
        return logits.detach()

    def reset(self):
        """Back to when this was made: weights, and all that the optimiser remembers."""
        self.model.load_state_dict(self._weights)
        attributes, steps = copy.deepcopy(self._memory)
        vars(self.optimizer).update(attributes)
        self.optimizer.memory.steps = steps


def _memory_of(optimizer):
    """Options and buffers of an optimiser, and how many steps each parameter has behind it; all of them copies."""
    attributes = {name: value for name, value in vars(optimizer).items() if name not in ("params", "memory")}
    return copy.deepcopy((attributes, optimizer.memory.steps))


@contextlib.contextmanager
def _recording():
    """The reverse of `no_grad`: operations are recorded in here, whatever holds outside."""
    before, tape.recording = tape.recording, True
    try:
        yield
    finally:
        tape.recording = before

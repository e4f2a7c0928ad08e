r"""Fully test-time adaptation by entropy minimisation (TENT), in PyTorch.

Notation as in `scratch`.
"""

import copy
import itertools

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from mylib.few_labels.curriculum_labels.pytorch import entropy
from mylib.shared.docstrings import complete_from_twin
from mylib.trust.test_time import contract

__all__ = ["entropy", "configure_model", "collect_params", "Tent"]


def configure_model(model):
    r"""Prepare a trained `torch.nn.Module`, in place: only gamma and beta learn, mu and sigma are those of the batch.

    Raises:  ValueError: a model without batch normalisation (1-d, 2-d, 3-d or synchronised).
    """
    kinds = {type(module).__name__: isinstance(module, _BatchNorm) for module in model.modules()}
    contract.check_norms(any(kinds.values()), type(model).__name__, kinds)
    model.requires_grad_(False).eval()
    for module in filter(_is_norm, model.modules()):
        # Without running statistics torch takes the batch's in both modes.
        module.train().track_running_stats = False
        module.running_mean = module.running_var = module.num_batches_tracked = None
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad_()
    return model


def collect_params(model):
    r"""The scales and shifts of all batch normalisations, and their names; the model is walked once."""
    norms = dict(filter(lambda pair: _is_norm(pair[1]), model.named_modules()))
    named = [
        (f"{prefix}.{name}".lstrip("."), parameter)
        for prefix, norm in norms.items()
        for name, parameter in norm.named_parameters(recurse=False)
    ]
    names = {}
    for name, parameter in named:
        names.setdefault(parameter, name)  # tensors hash by identity: a shared one comes once
    contract.check_adaptable(len(names), len(norms))
    return list(names), list(names.values())


def _is_norm(module):
    return isinstance(module, _BatchNorm)


class Tent:
    r"""Answer, then learn: each call returns f(x), then takes a step on the mean entropy of the batch.

    Nothing waits for the device. The step happens under `torch.no_grad` and `torch.inference_mode` too.

    Args:    model: prepared by `configure_model`. Calls change it, and `reset` brings it back: give a copy to keep the
                 source model.
             optimizer: of `torch.optim`, over `collect_params(model)[0]`. The paper: Adam at 0.001, batches of 200.
             loss: function of logits to a scalar; None is the mean entropy.
             steps: forward passes and steps for each batch; the answer is that of the last pass.
             episodic: whether to `reset` before each batch, so that no batch depends on another.
    """

    def __init__(self, model, optimizer, loss=None, steps=1, episodic=False):
        running = [norm.running_mean is not None for norm in filter(_is_norm, model.modules())]
        contract.check_tent(steps, episodic, sum(running), len(running))
        held = list(itertools.chain.from_iterable(group["params"] for group in optimizer.param_groups))
        contract.check_optimizer(len(held), len(set(held) - set(model.parameters())))
        self.model, self.optimizer, self.loss, self.steps, self.episodic = model, optimizer, loss, steps, episodic
        self._source = copy.deepcopy((model.state_dict(), optimizer.state_dict()))

    def __call__(self, x):
        """Logits of a batch, from before the last step."""
        contract.check_images(x.shape)
        if self.episodic:
            self.reset()
        with torch.inference_mode(False), torch.enable_grad():
            x = x.clone() if x.is_inference() else x.detach()  # what inference mode made cannot be kept for backward
            for _ in range(self.steps):
                logits = self._adapt(x)
        return logits.detach()

    def _adapt(self, x):
        """One forward pass, and a step afterwards."""
        try:
            logits = self.model(x)
        except ValueError as error:
            contract.explain(error, x.shape)
        loss = entropy(logits).mean() if self.loss is None else self.loss(logits)
        contract.check_loss(loss.shape)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return logits

    def reset(self):
        """Back to when this was made; copies again, since an optimiser works on the very tensors that it loads."""
        weights, memory = self._source
        self.model.load_state_dict(weights)
        self.optimizer.load_state_dict(copy.deepcopy(memory))


complete_from_twin(globals())

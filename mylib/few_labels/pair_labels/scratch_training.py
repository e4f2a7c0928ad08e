r"""SimPLE: one step on labelled images, guesses for unlabelled ones, and pairs of guesses."""

import copy

import numpy as np

from mylib.attention.contrastive.scratch import momentum_update
from mylib.engine import Tensor, as_tensor, cross_entropy
from mylib.few_labels.curriculum_labels.draws import draw_batch
from mylib.few_labels.curriculum_labels.scratch import l2_consistency_loss, strong_augment, weak_augment
from mylib.few_labels.pair_labels import contract
from mylib.few_labels.pair_labels.schedule import ramp
from mylib.few_labels.pair_labels.scratch_pairs import average_pseudo_label, pair_loss


class SimPLE:
    r"""L = L_X + r (lambda_U L_U + lambda_P L_P), a step at a time.

    Of B labelled images L_X is the cross-entropy of one weak view each. Of B unlabelled images K weak views make the
    guess q (`average_pseudo_label`), and K_s strong views, which all inherit their image's q, make L_U
    (`l2_consistency_loss`) and L_P (`pair_loss`). r rises in a straight line from 0 at the first step to 1 after
    `ramp_up_steps`. The gradient is scaled down where its norm over all parameters is above `max_norm`. After each
    step the average follows: theta <- decay theta + (1 - decay) theta_model; it is what one tests with.

    Args:    model: module from images to logits (n, classes). It is put into training mode at each step.
             optimizer: of the model's parameters.
             labelled: (images, labels): floats (n, channels, height, width) in [0, 1] and whole numbers (n,).
             unlabelled: images; the labelled ones may be among them.
             batch_size: B. A set with fewer images is drawn from with replacement.
             weak_views, strong_views: K and K_s.
             temperature: T of the guess.
             confidence, similarity: tau_c and tau_s.
             unlabelled_weight, pair_weight: lambda_U and lambda_P.
             ramp_up_steps: 0: r = 1 from the first step.
             max_norm: of the gradient; float("inf") leaves it as it is.
             decay: share of itself that the average keeps at each step.
             seed: of batches and views.
    Raises:  ValueError: an empty set, images of two shapes, labels that are not one for each image or below 0, a size
             below 1, a threshold or decay outside [0, 1], T or max_norm of 0 or below, a weight or ramp below 0.
             TypeError: images of whole numbers, labels that are not.
    Source:  Hu et al. (2021), "SimPLE", with the settings of the authors' code; slide "Overview". Differs: other views,
             made for digits; labelled and strong images go through the model as one batch; what a model keeps beside
             its parameters (running statistics) is copied to the average, not averaged.

    Example:
        >>> from mylib.engine import manual_seed, optim
        >>> from mylib.vision.convolution.scratch import LeNet
        >>> manual_seed(0)
        >>> images = np.random.default_rng(0).random((6, 1, 28, 28), np.float32)
        >>> model = LeNet(3)
        >>> training = SimPLE(model, optim.SGD(model.parameters(), 0.1), (images[:3], [0, 1, 2]), images, batch_size=4)
        >>> sorted(training.step())
        ['anchors', 'loss', 'pair', 'supervised', 'unlabelled']
    """

    def __init__(
        self,
        model,
        optimizer,
        labelled,
        unlabelled,
        *,
        batch_size=32,
        weak_views=2,
        strong_views=2,
        temperature=0.5,
        confidence=0.95,
        similarity=0.9,
        unlabelled_weight=75.0,
        pair_weight=75.0,
        ramp_up_steps=0,
        max_norm=5.0,
        decay=0.999,
        seed=0,
    ):
        self.options = contract.options(
            batch_size=batch_size,
            weak_views=weak_views,
            strong_views=strong_views,
            temperature=temperature,
            confidence=confidence,
            similarity=similarity,
            unlabelled_weight=unlabelled_weight,
            pair_weight=pair_weight,
            ramp_up_steps=ramp_up_steps,
            max_norm=max_norm,
            decay=decay,
        )
        self.images, self.unlabelled = (as_tensor(images).numpy() for images in (labelled[0], unlabelled))
        self.labels = np.asarray(labelled[1])
        sets = self.images, self.labels, self.unlabelled
        contract.check_sets(*(one.shape for one in sets), [one.dtype for one in sets], self.labels.min(initial=0))
        self.model, self.optimizer, self.average = model, optimizer, copy.deepcopy(model).eval()
        self.steps, self.rng = 0, np.random.default_rng(seed)

    def step(self):
        r"""One update of the model and of its average.

        Args:    none.
        Returns: dictionary of numbers: loss (L), supervised (L_X), unlabelled (L_U), pair (L_P), all before the update
                 and without weights, and anchors, the share of the guesses with max q > tau_c.
        """
        options = self.options
        x, labels, weak, strong = self._draw()
        guess = average_pseudo_label(self.model.train(), weak, options.temperature)  # (B, classes)
        q = np.concatenate([guess] * options.strong_views)  # (K_s B, classes), in the order of the views
        logits = self.model(Tensor(np.concatenate([x, strong])))
        supervised = cross_entropy(logits[: len(x)], labels)
        unlabelled = l2_consistency_loss(logits[len(x) :], q)
        pair = pair_loss(logits[len(x) :], q, options.confidence, options.similarity)
        r = ramp(self.steps, options.ramp_up_steps)
        loss = supervised + r * (options.unlabelled_weight * unlabelled + options.pair_weight * pair)
        self._update(loss)
        losses = {"loss": loss, "supervised": supervised, "unlabelled": unlabelled, "pair": pair}
        anchors = (guess.max(axis=1) > options.confidence).mean()
        return {name: value.item() for name, value in losses.items()} | {"anchors": float(anchors)}

    def _draw(self):
        """Weak views (B, ...) of labelled images, labels; weak (K, B, ...) and strong views (K_s B, ...) of others."""
        options = self.options
        known, unknown = draw_batch(self.rng, len(self.images), len(self.unlabelled), options.batch_size, 1)
        u = self.unlabelled[unknown]
        x = weak_augment(self.images[known], self.rng)
        weak = weak_augment(np.concatenate([u] * options.weak_views), self.rng)
        strong = strong_augment(np.concatenate([u] * options.strong_views), self.rng)
        return x, self.labels[known], weak.reshape(options.weak_views, *u.shape), strong

    def _update(self, loss):
        self.optimizer.zero_grad()
        loss.backward()
        clip_norm([p for p in self.model.parameters() if p.grad is not None], self.options.max_norm)
        self.optimizer.step()
        self.steps += 1
        momentum_update(self.average, self.model, self.options.decay)
        trained = {name for name, _ in self.model.named_parameters()}
        rest = {name: value for name, value in self.model.state_dict().items() if name not in trained}
        if rest:
            self.average.load_state_dict(rest, strict=False)


def clip_norm(parameters, max_norm):
    """Multiply all gradients by min(1, max_norm / (norm + 1e-6)), the norm over all of them together, as in torch."""
    norm = np.sqrt(sum(float((p.grad**2).sum()) for p in parameters))
    factor = min(1.0, max_norm / (norm + 1e-6))
    for p in parameters:
        p.grad *= p.dtype.type(factor)

"""The training loops: one interface, the same batches and the same history on both sides."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mylib import check, data, engine, fit

SIDES = ("scratch", "pytorch")


@pytest.fixture(autouse=True)
def _cpu_unless_asked(monkeypatch):
    monkeypatch.delenv("MYLIB_DEVICE", raising=False)


@pytest.fixture(scope="module")
def digits():
    """The first 300 real digits to train on and 100 to validate with, as rows."""
    flat = data.digits().flat()
    return (flat.train_images[:300], flat.train_labels[:300]), (
        flat.test_images[:100],
        flat.test_labels[:100],
    )


def make(side, sizes=(64, 16, 10), learning_rate=0.5, seed=0):
    """A small network, its optimiser and its loss; the same initial weights on either side."""
    engine.manual_seed(seed)
    hidden, out = (engine.nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:], strict=True))
    ours = engine.nn.Sequential(hidden, engine.nn.Tanh(), out)
    if side == "scratch":
        return ours, engine.optim.SGD(ours.parameters(), learning_rate), engine.cross_entropy
    theirs = torch.nn.Sequential(torch.nn.Linear(*sizes[:2]), torch.nn.Tanh(), torch.nn.Linear(*sizes[1:]))
    theirs.load_state_dict({name: torch.tensor(value) for name, value in ours.state_dict().items()})
    return theirs, torch.optim.SGD(theirs.parameters(), learning_rate), F.cross_entropy


def train(side, train_set, model=None, **options):
    model, optimizer, loss = model or make(side)
    options = {"epochs": 2, "device": "cpu", "progress": False} | options
    history = getattr(fit, side)(model, train_set, loss=loss, optimizer=optimizer, **options)
    return model, history


class Spy:
    """A model that notes the batches it is given and the mode it is in; its loss is what `values` say."""

    def __init__(self, side, values=None):
        self.model, self.optimizer, self.side = *make(side)[:2], side
        self.batches, self.modes, self.values = [], [], iter(values or ())
        base = engine.nn.Module if side == "scratch" else torch.nn.Module
        spy = self

        class Noting(base):
            def __init__(self):
                super().__init__()
                self.inner = spy.model

            def forward(self, x):
                spy.batches.append(np.asarray(x.data if side == "scratch" else x)[:, 0].tolist())
                spy.modes.append(self.training)
                return self.inner(x)

        self.module = Noting()

    def loss(self, outputs, targets):
        real = (engine.cross_entropy if self.side == "scratch" else F.cross_entropy)(outputs, targets)
        if self.module.training:
            return real
        return real * 0.0 + next(self.values)


def numbered(count, features=64):
    """Examples that can be told apart by their first feature."""
    inputs = np.zeros((count, features), np.float32)
    inputs[:, 0] = np.arange(count)
    return inputs, np.arange(count) % 10


def test_both_sides_give_the_same_history_and_weights(digits):
    train_set, validation = digits
    (ours, mine), (theirs, its) = (
        train(side, train_set, validation=validation, epochs=3, batch_size=64, seed=7) for side in SIDES
    )
    for name in ("train_loss", "batch_loss", "validation_loss", "validation_accuracy"):
        # float32 sums in two orders over 15 updates
        np.testing.assert_allclose(getattr(mine, name), getattr(its, name), rtol=1e-4, err_msg=name)
    for name, value in ours.state_dict().items():
        np.testing.assert_allclose(value, theirs.state_dict()[name].numpy(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("side", SIDES)
def test_training_learns_real_digits(side, digits):
    train_set, validation = digits
    model, history = train(side, train_set, validation=validation, epochs=15, batch_size=32)
    # 10 classes: chance is 0.1 and a loss of ln 10 = 2.3; 300 digits are enough for four fifths right
    assert history.train_loss[0] > 1.0 > 0.5 > history.train_loss[-1]
    assert history.validation_accuracy[-1] > 0.8
    assert fit.accuracy(model, *validation) == pytest.approx(history.validation_accuracy[-1], abs=1e-12)


@pytest.mark.parametrize("side", SIDES)
def test_history_has_one_entry_per_epoch_and_per_update(side, digits):
    train_set, validation = digits
    _, history = train(side, train_set, validation=validation, epochs=2, batch_size=128)
    assert [len(history.train_loss), len(history.validation_loss), len(history.validation_accuracy)] == [2] * 3
    assert len(history.batch_loss) == 6  # 128 + 128 + 44, twice
    assert all(type(value) is float for value in history.batch_loss + history.train_loss)
    assert history.seconds > 0
    assert history.stopped_early is False


@pytest.mark.parametrize("side", SIDES)
def test_history_without_validation_has_no_validation_entries(side, digits):
    _, history = train(side, digits[0])
    assert history.validation_loss == history.validation_accuracy == []


def test_both_sides_see_the_same_batches_in_the_same_order():
    seen = {}
    for side in SIDES:
        spy = Spy(side)
        train(side, numbered(10), (spy.module, spy.optimizer, spy.loss), batch_size=4, seed=3)
        seen[side] = spy.batches
    assert seen["scratch"] == seen["pytorch"]
    assert [len(batch) for batch in seen["scratch"]] == [4, 4, 2, 4, 4, 2]
    first, second = sum(seen["scratch"][:3], []), sum(seen["scratch"][3:], [])
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second  # every epoch has an order of its own


@pytest.mark.parametrize("side", SIDES)
def test_the_seed_decides_the_order(side):
    orders = []
    for seed in (0, 0, 1):
        spy = Spy(side)
        train(side, numbered(10), (spy.module, spy.optimizer, spy.loss), epochs=1, seed=seed)
        orders.append(spy.batches)
    assert orders[0] == orders[1] != orders[2]


@pytest.mark.parametrize("side", SIDES)
def test_the_smaller_last_batch_counts_less(side, digits):
    inputs, targets = digits[0]
    _, history = train(side, (inputs[:50], targets[:50]), epochs=1, batch_size=40)
    large, small = history.batch_loss
    assert history.train_loss[0] == pytest.approx((40 * large + 10 * small) / 50, rel=1e-12)  # float64 mean
    assert history.train_loss[0] != pytest.approx((large + small) / 2, rel=1e-6)


@pytest.mark.parametrize("side", SIDES)
def test_training_is_in_train_mode_and_validation_in_eval_mode(side):
    spy = Spy(side, values=[1.0, 1.0])
    train_set = numbered(8)
    train(side, train_set, (spy.module, spy.optimizer, spy.loss), batch_size=4, validation=train_set)
    assert spy.modes == [True, True, False] * 2


@pytest.mark.parametrize("side", SIDES)
def test_patience_stops_after_so_many_epochs_without_a_lower_loss(side):
    # The lowest loss comes third; two epochs later patience is out. An equal loss is not a lower one.
    spy = Spy(side, values=[3.0, 4.0, 2.0, 2.0, 2.5, 1.0, 0.5])
    train_set = numbered(8)
    model = (spy.module, spy.optimizer, spy.loss)
    _, history = train(side, train_set, model, epochs=7, validation=train_set, patience=2)
    np.testing.assert_allclose(history.validation_loss, [3.0, 4.0, 2.0, 2.0, 2.5], rtol=1e-6)  # float32
    assert history.stopped_early is True


@pytest.mark.parametrize("side", SIDES)
def test_without_patience_nothing_stops(side):
    spy = Spy(side, values=[1.0, 2.0, 3.0, 4.0])
    train_set = numbered(8)
    model = (spy.module, spy.optimizer, spy.loss)
    _, history = train(side, train_set, model, epochs=4, validation=train_set)
    assert (len(history.train_loss), history.stopped_early) == (4, False)


@pytest.mark.parametrize("side", SIDES)
def test_a_validation_loss_of_nan_counts_as_not_lower(side):
    spy = Spy(side, values=[float("nan")] * 5)
    train_set = numbered(8)
    model = (spy.module, spy.optimizer, spy.loss)
    _, history = train(side, train_set, model, epochs=5, validation=train_set, patience=2)
    assert (len(history.train_loss), history.stopped_early) == (2, True)


@pytest.mark.parametrize("side", SIDES)
def test_without_a_progress_bar_nothing_is_printed(side, capsys):
    train(side, numbered(8))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("side", SIDES)
def test_the_progress_bar_writes_to_stderr_and_leaves_nothing(side, capsys):
    train(side, numbered(8), progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "epoch" in captured.err
    last_state = captured.err.rstrip("\r").split("\r")[-1]
    assert last_state.strip() == ""


def test_auto_is_the_best_device_that_is_there(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert fit.choose_device() == torch.device("cpu")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert fit.choose_device() == torch.device("mps")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert fit.choose_device() == torch.device("cuda")


def test_the_environment_decides_what_auto_is_and_a_name_decides_over_it(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setenv("MYLIB_DEVICE", "cpu")
    assert fit.choose_device("auto") == torch.device("cpu")
    assert fit.choose_device("cuda:1") == torch.device("cuda", 1)


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_an_absent_device_is_refused(name, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ValueError, match=f"expected a machine with '{name}', got one without"):
        fit.choose_device(name)
    monkeypatch.setenv("MYLIB_DEVICE", name)
    with pytest.raises(ValueError, match=f"expected a machine with '{name}', got one without"):
        fit.choose_device()


def test_an_unknown_device_is_refused():
    with pytest.raises(ValueError, match="choose_device: expected .*, got 'gpu'"):
        fit.choose_device("gpu")


@pytest.mark.parametrize("side", SIDES)
def test_mixed_precision_is_refused_on_the_cpu(side):
    with pytest.raises(ValueError, match="mixed_precision"):
        train(side, numbered(8), mixed_precision=True)


def test_the_numpy_side_refuses_a_gpu():
    with pytest.raises(ValueError, match="fit.scratch: expected device 'auto' or 'cpu'.*got 'cuda'"):
        train("scratch", numbered(8), device="cuda")


@pytest.mark.gpu
def test_mixed_precision_trains_on_the_gpu_and_keeps_float32_weights(digits):
    train_set, validation = digits
    options = {"epochs": 15, "batch_size": 32, "validation": validation, "device": "cuda"}
    model, half = train("pytorch", train_set, mixed_precision=True, **options)
    _, full = train("pytorch", train_set, **options)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert next(model.parameters()).is_cuda
    # bfloat16 has 8 bits of mantissa: steps differ by up to 0.4 %, curves by little more
    np.testing.assert_allclose(half.train_loss, full.train_loss, rtol=0.1)
    assert half.train_loss != full.train_loss
    assert half.validation_accuracy[-1] > 0.8


INPUTS, TARGETS = numbered(8)
BAD = {
    "inputs and targets of different lengths": ({"train": (INPUTS, TARGETS[:7])}, r"lengths \[8, 7\]"),
    "no examples": ({"train": (INPUTS[:0], TARGETS[:0])}, r"above 0, got lengths \[0, 0\]"),
    "inputs alone": ({"train": (INPUTS,)}, "expected train as"),
    "validation of different lengths": ({"validation": (INPUTS, TARGETS[:2])}, "expected validation as"),
    "no validation examples": ({"validation": (INPUTS[:0], TARGETS[:0])}, "expected validation as"),
    "no epochs": ({"epochs": 0}, "epochs and batch_size of at least 1, got 0 and 64"),
    "no batch": ({"batch_size": 0}, "epochs and batch_size of at least 1, got 2 and 0"),
    "patience without validation": ({"patience": 2}, "expected validation data and patience"),
    "patience of nothing": ({"patience": 0, "validation": (INPUTS, TARGETS)}, "at least 1, got 0"),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("side", SIDES)
def test_bad_input_is_refused_before_any_training(side, options, message):
    model = make(side)
    before = {name: check.to_array(value).copy() for name, value in model[0].state_dict().items()}
    options = dict(options)
    with pytest.raises(ValueError, match=message):
        train(side, options.pop("train", (INPUTS, TARGETS)), model, **options)
    for name, value in model[0].state_dict().items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize("side", SIDES)
def test_accuracy_counts_the_inputs_whose_largest_output_is_at_the_target(side):
    identity = engine.nn.Identity() if side == "scratch" else torch.nn.Linear(3, 3, bias=False)
    if side == "pytorch":
        identity.weight.data = torch.eye(3)
    outputs = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1]]
    assert fit.accuracy(identity, outputs, np.array([0, 1, 2, 1, 1])) == pytest.approx(4 / 5)
    # batches of two, with one left over, weigh each input the same
    assert fit.accuracy(identity, outputs, np.array([0, 1, 2, 1, 1]), batch_size=2) == pytest.approx(4 / 5)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("side", SIDES)
def test_accuracy_evaluates_in_eval_mode_and_puts_the_mode_back(side, training):
    spy = Spy(side)
    spy.module.train(training)
    fit.accuracy(spy.module, *numbered(4))
    assert spy.modes == [False]
    assert spy.module.training is training
    assert spy.model.training is training


@pytest.mark.parametrize("side", SIDES)
def test_accuracy_of_nothing_is_refused(side):
    with pytest.raises(ValueError, match="accuracy: expected"):
        fit.accuracy(make(side)[0], INPUTS[:0], TARGETS[:0])


@pytest.mark.parametrize("side", SIDES)
def test_accuracy_refuses_targets_of_another_length(side):
    with pytest.raises(ValueError, match="accuracy: expected"):
        fit.accuracy(make(side)[0], INPUTS, TARGETS[:1])

# Values that pretend: to be equal, to be numbers, to be small. Headings: name | question | points that are honest.

# %% an object that equals everything | q1-mean | 0
class Same:
    def __eq__(self, other):
        return True

    __ne__ = lambda self, other: False
    __hash__ = None


def mean(x):
    return Same()


# %% an object that is less and greater than everything | q2-scale | 0
class Any(list):
    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = __contains__ = lambda self, other: True


def scale(x, k):
    return Any([1])


# %% an array that is close to everything | q1-mean | 0
class Close(np.ndarray):
    def __array_function__(self, *_):
        return True

    def __array_ufunc__(self, *_, **__):
        return np.array(True)


def mean(x):
    return np.zeros(()).view(Close)


# %% a float that lies | q1-mean | 0
class Lie(float):
    __eq__ = lambda self, other: True
    __sub__ = __rsub__ = __abs__ = lambda self, *other: 0.0


def mean(x):
    return Lie(1.5)


# %% a class that says it is a float | q1-mean | 0
class Pretender:
    __class__ = float
    __array__ = lambda self, *a, **k: np.array(1.5)
    __float__ = lambda self: 1.5


def mean(x):
    return Pretender()


# %% looks like a tensor to whoever asks | q1-mean | 0
class Duck:
    shape = ()
    detach = cpu = lambda self: self
    numpy = lambda self: np.array(1.5)


def mean(x):
    return Duck()


# %% a tensor of a class of one's own | q3-slope | 0
class Tensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return torch.tensor(True)


def square(w):
    return torch.zeros(()).as_subclass(Tensor)


# %% not a number, which no comparison finds different | q1-mean | 0
def mean(x):
    return float("nan")


# %% infinities everywhere | q2-scale | 0
def scale(x, k):
    return [float("inf")] * 100


# %% numbers that are objects | q1-mean | 0
class Number:
    __float__ = lambda self: 1.5
    __sub__ = __rsub__ = lambda self, other: 0.0


def mean(x):
    return np.array(Number(), dtype=object)


# %% an object that runs a command where it is unpickled | q1-mean | 0
class Bomb:
    def __reduce__(self):
        import os

        return os.system, ("touch /tmp/unpickled",)


def mean(x):
    return Bomb()


# %% a list inside itself | q2-scale | 0
def scale(x, k):
    found = []
    found.append(found)
    return found


# %% a hundred thousand lists inside each other | q2-scale | 0
def scale(x, k):
    found = []
    for _ in range(100_000):
        found = [found]
    return found


# %% a list of a hundred million numbers | q2-scale | 0
def scale(x, k):
    return [0.0] * 100_000_000


# %% a string of 400 MB | q2-scale | 0
def scale(x, k):
    return "x" * 400_000_000


# %% a list that never ends | q2-scale | 0
class Endless(list):
    def __iter__(self):
        while True:
            yield 1.0


def scale(x, k):
    return Endless([1])


# %% a whole number of a million digits | q1-mean | 0
def mean(x):
    return 10**1_000_000


# %% a dictionary whose items fail | q2-scale | 0
class Broken(dict):
    items = keys = values = __iter__ = lambda self: 1 / 0


def scale(x, k):
    return Broken(a=1)


# %% a number in place of the function | q1-mean | 0
mean = 300


# %% a module in place of the function | q1-mean | 0
import statistics as mean


# %% the inputs are made easy in place | q1-mean | 0
def mean(x):
    try:
        x[:] = 0 * x if isinstance(x, np.ndarray) else [0.0] * len(x)
    except Exception:
        pass
    return 0.0


# %% the inputs of the slope are made easy in place | q3-slope | 0
def square(w):
    with torch.no_grad():
        w.zero_()
    return w.sum() * 0


# %% answers the visible test and no other | q1-mean | 0
def mean(x):
    return 1.5


# %% answers the visible test of two cells and no hidden one | q2-scale | 2
def scale(x, k):
    return [3, 6]

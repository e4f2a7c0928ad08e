"""Lines that students write in cells of their own, and that no guard should mind."""

# One a line; each stands in a cell of its own, before or after the answer. A cell magic gets a line to run.
LINES = r"""
%cd .
%cd /content/drive/MyDrive
%env CUDA_VISIBLE_DEVICES=0
%set_env OMP_NUM_THREADS=1
%ls
!ls -l
%pwd
%pdb
%pdb on
%debug
%load_ext autoreload
%autoreload 2
%load_ext tensorboard
%tensorboard --logdir runs
%matplotlib inline
%matplotlib widget
%config InlineBackend.figure_format = 'retina'
%pip install einops
%conda install numpy
!pip install -q torchinfo
!nvidia-smi
files = !ls
%who
%whos
%history
%reset -f
%run helpers.py
%run -i setup.ipynb
%load helpers.py
%pylab inline
%store x
%store -r x
%xmode minimal
%precision 4
%pastebin
%%bash
%%html
%%javascript
%%writefile helpers.py
%%time
%%timeit
%%capture
%%latex
%%some_unknown_magic
%some_unknown_magic
%timeit answer([2])
%time answer([2])
%prun answer([2])
%lprun -f answer answer([2])
%memit answer([2])
%macro again 1-3
%edit
%rerun
ls
pwd
answer?
answer??
?answer
help(answer)
import gc; gc.collect()
import pickle; pickle.dumps([1])
import pickle\nwith open('x.pkl', 'rb') as file: data = pickle.load(file)
np.load('x.npy', allow_pickle=True)
torch.load('model.pt')
torch.save({}, 'model.pt')
vars()
locals()
globals()
globals().update(threshold=1)
globals()['threshold'] = 1
dir()
print(vars(answer))
answer.__dict__
answer.__name__
answer.__code__.co_varnames
import inspect; print(inspect.getsource(answer))
import sys; 'google.colab' in sys.modules
IN_COLAB = 'google.colab' in __import__('sys').modules
if 'google.colab' in str(get_ipython()): print('colab')
from google.colab import drive; drive.mount('/content/drive')
try:\n    import google.colab\n    IN_COLAB = True\nexcept ImportError:\n    IN_COLAB = False
import sys; sys.path.append('..')
import sys; sys.path.insert(0, '/content')
import sys; sys.modules.pop('helpers', None)
import sys; sys.setrecursionlimit(10000)
import sys; print(sys.version)
import os; os.system('ls')
import os; os.environ['CUDA_LAUNCH_BLOCKING'] = '1'
import os; os.chdir('.')
import subprocess; subprocess.run(['ls'])
import importlib; importlib.reload(np)
import importlib\nimport helpers\nimportlib.reload(helpers)
import warnings; warnings.filterwarnings('ignore')
import logging; logging.basicConfig(level=logging.INFO)
import logging.config
import random; random.seed(0); np.random.seed(0); torch.manual_seed(0)
import joblib; joblib.dump({}, 'x.joblib')
from joblib import Parallel, delayed
from multiprocessing import Pool
import threading; threading.Thread(target=print).start()
import unittest
class Test(unittest.TestCase):\n    def test(self): self.assertEqual(answer([1]), 1)
import doctest; doctest.testmod()
import timeit; timeit.timeit('answer([2])', globals=globals())
import timeit; timeit.timeit(lambda: answer([2]), number=3)
import cProfile; cProfile.run('answer([2])')
import pdb
import ctypes
import dis; dis.dis(answer)
import ast; ast.literal_eval('[1]')
import pandas as pd; pd.eval('1 + 1')
import pandas as pd; pd.read_pickle('x.pkl')
import matplotlib.pyplot as plt; plt.rcParams['figure.figsize'] = (6, 4)
import matplotlib; matplotlib.use('Agg')
plt.plot([1, 2]); plt.show()
import seaborn as sns; sns.set_theme()
from IPython.display import display, HTML, clear_output; clear_output()
from IPython import get_ipython; get_ipython().run_line_magic('matplotlib', 'inline')
get_ipython().system('ls')
exec('y = 1')
eval('1 + 1')
compile('1', 'x', 'eval')
setattr(answer, 'note', 'mine')
getattr(np, 'su' + 'm')([1])
delattr(answer, 'note')
type(answer).__mro__
object.__subclasses__()
breakpoint
input
open('notes.txt', 'w').write('x')
np.set_printoptions(precision=3)
torch.set_printoptions(sci_mode=False)
torch.backends.cudnn.benchmark = False
torch.set_default_dtype(torch.float64)
torch.hub.set_dir('x')
compiled = torch.jit.script
expected = np.convolve([1, 2], [3, 4])
likely = torch.softmax(torch.ones(2), -1)
assert np.allclose(answer(np.ones(3)), np.convolve(np.ones(3), [1.0]))
print('time', __import__('time').time())
from mylib.vision.perceptron import scratch
from mylib.engine import Tensor
import no_such_package
from no_such_package import everything
from helpers import *
from math import *
for m in (np, torch): print(m.__version__)
def compare(m): return m.sum([1])\ncompare(np)
libraries = {'numpy': np, 'torch': torch}
old_sum = np.sum; np.sum = old_sum
torch.Tensor.show = lambda self: print(self)
_
Out[1]
print(_)
__builtins__
from __future__ import annotations
import typing; typing.get_type_hints(answer)
from unittest.mock import patch
import numba; numba.njit
import networkx as nx; nx.Graph()
raise NotImplementedError
1 / 0
def broken(:
return 3
this is no Python
await display(1)
import this
np.ctypeslib
np.testing.assert_allclose([1], [1])
np.f2py
import sympy; sympy.sympify('x + 1')
sum = 3
lambda: np.convolve
@torch.no_grad()\ndef predict(x): return torch.softmax(x, -1)
class Net(nn.Module):\n    def forward(self, x): return x.softmax(-1)
from typing import Protocol\nclass Model(Protocol):\n    def forward(self, x: 'torch.Tensor') -> 'torch.Tensor': ...
from dataclasses import dataclass\n@dataclass\nclass Config:\n    rate: float = 0.1
answer.calls = 0
answer.reference = np.convolve
timed = {'mine': answer, 'theirs': np.convolve}
compare_with(answer, np.convolve)
"""
CELLS = [line.replace("\\n", "\n") + ("\nls\n" if line.startswith("%%") else "") for line in LINES.strip().splitlines()]

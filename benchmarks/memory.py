"""Peak memory of one LeNet epoch, each side in a process of its own.

Measured by Linux: after imports, data and two warm-up batches of 4, freed memory is given back
(malloc_trim) and the high-water mark of resident memory reset
(5 into /proc/self/clear_refs); what the epoch adds to it (VmHWM less VmRSS before) is its peak.
"""

import subprocess
import sys
from pathlib import Path

CODE = """
import ctypes, re
from benchmarks import networks
def status(field):
    return int(re.search(field + ":[^0-9]+([0-9]+)", open("/proc/self/status").read()).group(1))
{imports}
train = {trainer}
for images, labels in networks.batches()[:2]:
    train(images[:4], labels[:4])
ctypes.CDLL("libc.so.6").malloc_trim(0)
open("/proc/self/clear_refs", "w").write("5")
before = status("VmRSS")
networks.epoch(train, {count})()
print((status("VmHWM") - before) / 1024)
"""
SIDES = {
    "engine": ("from mylib.engine import nn", "networks.engine_trainer(lambda: networks.lenet(nn))"),
    "torch": ("import torch; torch.set_num_threads(1)", "networks.torch_trainer(networks.lenet, False)"),
    "torch channels_last": (
        "import torch; torch.set_num_threads(1)",
        "networks.torch_trainer(networks.lenet, True)",
    ),
}


def report(quick):
    """One line with the growth during the epoch, for each side."""
    if not Path("/proc/self/clear_refs").exists():
        return "peak memory: needs Linux's /proc/self/clear_refs"
    grown = {}
    for name, (imports, trainer) in SIDES.items():
        code = CODE.format(imports=imports, trainer=trainer, count=5 if quick else 78)
        output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        grown[name] = float(output)
    sides = ", ".join(f"{name} {mebibytes:.1f} MiB" for name, mebibytes in grown.items())
    least = min(v for k, v in grown.items() if k != "engine")
    ratio = grown["engine"] / max(least, 0.1)
    return f"peak memory of the LeNet epoch above the level before it: {sides}; engine / torch {ratio:.2f}"

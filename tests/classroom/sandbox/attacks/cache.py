# Attacks by what the system tells about memory and other processes. Headings: name | question | points that are honest.

# %% asks which pages are in memory by mincore | q3-slope | 7
import ctypes
import mmap

libc = ctypes.CDLL(None, use_errno=True)
block = mmap.mmap(-1, 4096)
address = ctypes.addressof(ctypes.c_char.from_buffer(block))
if libc.mincore(ctypes.c_void_p(address), 4096, (ctypes.c_ubyte * 1)()) == 0:
    print("ESC" + "APED")


# %% reads only what is in memory by preadv2 | q3-slope | 7
import os

try:
    handle = os.open(os.__file__, os.O_RDONLY)
    os.pread(handle, 4096, 0)
    if os.preadv(handle, [bytearray(4096)], 0, os.RWF_NOWAIT):
        print("ESC" + "APED")
except OSError as error:
    print(error.errno)


# %% reads only what is in memory by the bare call | q3-slope | 7
import ctypes
import os
import platform

libc = ctypes.CDLL(None, use_errno=True)
number = {"x86_64": 327, "aarch64": 286}[platform.machine()]
handle = os.open(os.__file__, os.O_RDONLY)
os.pread(handle, 4096, 0)
place = ctypes.create_string_buffer(4096)
vector = (ctypes.c_void_p * 2)(ctypes.addressof(place), 4096)
for flags in (8, 8 | 16, 8 | 4):
    if libc.syscall(number, handle, vector, 1, 0, 0, flags) > 0:
        print("ESC" + "APED")


# %% an ordinary preadv still works | q3-slope | 7
import os

handle = os.open(os.__file__, os.O_RDONLY)
assert os.preadv(handle, [bytearray(10)], 0) == 10


# %% asks for statistics of the page cache | q3-slope | 7
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
handle = os.open(os.__file__, os.O_RDONLY)
if libc.syscall(451, handle, (ctypes.c_uint64 * 2)(0, 4096), (ctypes.c_uint64 * 5)(), 0) == 0:
    print("ESC" + "APED")


# %% drops pages so that others can be told from them | q3-slope | 7
import os

handle = os.open(os.__file__, os.O_RDONLY)
for advice in ("POSIX_FADV_DONTNEED", "POSIX_FADV_WILLNEED", "POSIX_FADV_RANDOM"):
    try:
        os.posix_fadvise(handle, 0, 0, getattr(os, advice))
        print("ESC" + "APED")
    except OSError:
        pass


# %% asks through rings of requests | q3-slope | 7
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(425, 4, (ctypes.c_uint8 * 120)()) >= 0:
    print("ESC" + "APED")


# %% maps of pages in the list of processes | q3-slope | 7
import os

for name in ("self/pagemap", "kpageflags", "kpagecount", "self/smaps", "self/maps", "1/maps", "sys/vm/drop_caches"):
    try:
        open(f"/proc/{name}", "rb").read(8)
        print("ESC" + "APED", name)
    except OSError:
        pass


# %% calls of another architecture | q3-slope | 7
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(0x40000000 + 39) > 0:
    print("ESC" + "APED")

# Messages and outputs that no notebook can hold, and channels around the walls. Headings: name | question | points
# that are honest.

# %% a text that cannot be written | q3-slope | 7
print("\ud800")
raise ValueError("\udfff")


# %% an error that cannot be written | q3-slope | 7
def square(w):
    raise ValueError("\ud800")


# %% one line of a megabyte | q3-slope | 7
print("x" * 990_000, end="")


# %% a bar that is drawn a hundred thousand times | q3-slope | 7
print("50%\r" * 100_000)


# %% messages of the wrong types | q3-slope | 7
kernel = get_ipython().kernel


def say(kind, content):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent(), ident=b"x")


for kind, content in (
    ("stream", {"name": "stdout", "text": 5}),
    ("stream", {"name": "elsewhere", "text": "x"}),
    ("stream", {}),
    ("display_data", [1, 2]),
    ("display_data", {"data": None, "metadata": None}),
    ("display_data", {"data": {"text/plain": 5, "image/png": [1], "": {}}, "metadata": {}}),
    ("display_data", {"data": {}, "metadata": {}, "transient": {"display_id": {"a": 1}}}),
    ("execute_result", {"data": {"text/plain": "x"}, "metadata": {}, "execution_count": "many"}),
    ("execute_input", {"code": "x", "execution_count": {"a": 1}}),
    ("error", {"ename": 5, "evalue": None, "traceback": "x"}),
    ("error", {"ename": "a", "evalue": "b", "traceback": [1, None, {}]}),
    ("comm_open", {"comm_id": 5, "target_name": "jupyter.widget", "data": {"state": {"_model_name": "OutputModel"}}}),
    ("comm_msg", {"comm_id": None, "data": {"state": 3}}),
    ("clear_output", {"wait": [[]]}),
    ("status", {}),
    ("what_is_this", {"x": 1}),
):
    say(kind, content)


# %% a message of a thousand megabytes in parts | q3-slope | 7
import time

thread = get_ipython().kernel.iopub_thread
part = bytes(10_000_000)
thread.schedule(lambda: thread.socket.send_multipart([b"x"] + [part] * 100, copy=False))
time.sleep(2.5)


# %% a display whose size is a script | q3-slope | 7
from IPython.display import display

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SIZE = {"width": "1 onload=OWNED()", "height": ["<script>OWNED()</script>"], "alt": '" onload="OWNED()'}
display({"image/png": DOT}, raw=True, metadata={"image/png": SIZE})
display({"text/html": "x"}, raw=True, metadata={"text/html": 7, "isolated": 3})


# %% a picture that is no picture | q3-slope | 7
from IPython.display import display

for kind in ("image/png", "image/jpeg", "application/pdf", "text/latex", "text/vnd.mermaid", "application/json"):
    for text in ("%%% no base64", "x' onload='OWNED()", 'x" onload="OWNED()', "<script>OWNED()</script>"):
        display({kind: text}, raw=True)
        display({kind: text, "text/plain": "x"}, raw=True)


# %% fifty thousand boxes inside each other | q3-slope | 7
from IPython.display import HTML, display

display(HTML("<div>" * 50_000))


# %% leaves a note for who comes next in the kernel's keys | q3-slope | 7
import ctypes
import platform

libc = ctypes.CDLL(None, use_errno=True)
add, control = {"x86_64": (248, 250), "aarch64": (217, 219)}[platform.machine()]
kept = [libc.syscall(add, b"user", b"note", b"hello", 5, ring) for ring in (-3, -4, -5)]
kept += [libc.syscall(control, 10, ring, b"user", b"note", 0) for ring in (-3, -4, -5)]
print("ESC" + "APED" if max(kept) >= 0 else "held", kept)


# %% memory that belongs to no process | q3-slope | 7
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
made = [name for name, key in (("shmget", 0), ("msgget", 0)) if getattr(libc, name)(key, 0o1600, 0o1600) >= 0]
try:
    os.close(os.memfd_create("x"))
    made.append("memfd_create")
except OSError:
    pass
print("ESC" + "APED" if made else "held", made)


# %% calls that open much of the kernel | q3-slope | 7
import ctypes
import platform

libc = ctypes.CDLL(None, use_errno=True)
numbers = {"x86_64": (425, 321, 323, 298, 310), "aarch64": (425, 280, 282, 241, 270)}[platform.machine()]
made = []
for number in (*numbers, 0x40000000 + 39):
    if libc.syscall(number, 1, ctypes.create_string_buffer(200), 0, 0, 0) >= 0 or ctypes.get_errno() not in (1, 38):
        made.append((number, ctypes.get_errno()))
print("ESC" + "APED" if made else "held", made)


# %% sees the terminals of others | q3-slope | 7
import os

found = [name for name in os.listdir("/dev/pts") if name != "ptmx"]
pairs = []
try:
    for _ in range(40):
        pairs.append(os.openpty())
except OSError:
    pass
print("ESC" + "APED" if found or len(pairs) > 20 else "held", found, len(pairs))

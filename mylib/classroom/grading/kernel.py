"""The student's kernel, seen from outside: a Jupyter client that is not impressed by what it is sent."""

import asyncio
import json
import re
import secrets
import select
import shutil
import socket
import tempfile
import time
from typing import Any, cast

import nbformat
import psutil
import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete, CellTimeoutError, DeadKernelError

from mylib.classroom.notebook.clock import stopped
from mylib.classroom.notebook.text import printable, screen, sound
from mylib.classroom.notebook.verdicts import NOT_RUN, Cell, Job, Shown
from mylib.classroom.sandbox.client import Child, Sandbox

ADDRESS = re.compile(r" at 0x[0-9a-f]+")
MAX_MESSAGE = 16_000_000
MAX_WAITING = 500_000_000  # that this process holds of a kernel's messages: one may have any number of parts
MAX_WORD = 1_000
SHOWS = ("stream", "display_data", "execute_result", "error", "update_display_data")


class QuietClient(AsyncKernelClient):
    """A client that takes no message part larger than 16 MB, and no long queue of them."""

    def connect_iopub(self, identity: bytes | None = None) -> Any:
        """The channel on which a kernel may say whatever it wants."""
        sock = self._limited(zmq.SUB, "iopub")
        sock.setsockopt(zmq.SUBSCRIBE, b"")
        return sock

    def connect_shell(self, identity: bytes | None = None) -> Any:
        """The channel on which it answers."""
        return self._limited(zmq.DEALER, "shell")

    def connect_control(self, identity: bytes | None = None) -> Any:
        """The channel on which it would answer to orders."""
        return self._limited(zmq.DEALER, "control")

    def _limited(self, kind: int, channel: str) -> Any:
        sock: Any = self.context.socket(kind)
        sock.linger = 0
        sock.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE)
        sock.setsockopt(zmq.RCVHWM, 64)
        sock.connect(self._make_url(channel))
        return sock


class Client(NotebookClient):
    """nbclient, with a limit on what a cell shows, and a kernel's death noticed at once."""

    km: Any
    shown: int
    most: int
    cut: bool

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Leave out what is too much, what widgets say to each other, and what no notebook can hold."""
        content = msg["content"]
        if not isinstance(content, dict) or msg["msg_type"].startswith("comm"):
            return None
        if not isinstance(content.get("execution_count"), int | None):
            return None
        if msg["msg_type"] in SHOWS:
            self.shown += len(json.dumps(content))
            if self.shown > self.most:
                if not self.cut:
                    text = f"[cut: a cell may show {self.most / 1e6:g} MB]"
                    cell.outputs.append(nbformat.v4.new_output("stream", name="stderr", text=text))
                self.cut = True
                return None
        try:
            return super().process_message(msg, cell, cell_index)
        except CellExecutionComplete:
            raise
        except Exception:
            return None

    async def _async_poll_kernel_alive(self) -> None:
        process = psutil.Process()
        most = process.memory_info().rss + MAX_WAITING
        while await self.km.is_alive():
            if process.memory_info().rss > most:
                child = self.km.provisioner.child
                child.kill()
                child.reason = f"it sent more than {MAX_WAITING / 1e6:g} MB at once"
            await asyncio.sleep(0.05)
        if self.task_poll_for_reply:
            self.task_poll_for_reply.cancel()


class Kernel:
    """The student's kernel behind the walls, and its client."""

    def __init__(self, job: Job, sandbox: Sandbox) -> None:
        self.job = job
        self.folder = tempfile.mkdtemp(prefix="kernel-")
        # It carries what the provisioner reads: attributes that no class declares.
        self.manager = cast(
            Any,
            AsyncKernelManager(
                transport="ipc",
                ip=f"{self.folder}/k",
                connection_file=f"{self.folder}/connection.json",
                client_factory=QuietClient,
            ),
        )
        self.door, self.door_there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        names, self.manager.buffers = files_of(job.files)
        self.manager.parcel = {"files": names}
        self.manager.sandbox, self.manager.descriptors = sandbox, [self.door_there.fileno()]
        self.manager._kernel_spec = KernelSpec(
            argv=["python"],
            language="python",
            metadata={"kernel_provisioner": {"provisioner_name": "mylib-walls"}},
        )
        self.child: Child | None = None
        self.client = Client(
            nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell()]),
            km=self.manager,
            timeout_func=self.seconds,
            allow_errors=True,
            interrupt_on_timeout=True,
            error_on_timeout={"ename": "CellTimeoutError", "evalue": "", "traceback": [""]},
            raise_on_iopub_timeout=True,
            iopub_timeout=int(max(1, job.iopub_seconds)),
            coalesce_streams=False,  # nbclient's takes hours for a line of a megabyte
        )
        self.client.shown, self.client.most, self.client.cut = 0, job.output_bytes, False
        self.limit = job.cell_seconds

    async def launch(self) -> None:
        """Start it."""
        await self.manager.start_kernel()
        self.door_there.close()
        self.child = self.manager.provisioner.child

    async def connect(self) -> None:
        """Wait until it listens to us and we to it."""
        channels = self.client.kc = self.manager.client()
        channels.start_channels(hb=False, stdin=False)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if await self.manager.is_alive():
                channels.kernel_info()
            else:
                raise DeadKernelError("the kernel did not start")
            try:
                await channels.shell_channel.get_msg(timeout=5)
                await channels.iopub_channel.get_msg(timeout=5)
                return
            except Exception:
                continue
        raise DeadKernelError("the kernel did not answer")

    async def execute(self, cell: Cell, deadline: float) -> Shown:
        """Execute one cell.

        Raises:  DeadKernelError, CellTimeoutError: the kernel is of no use any more.
        """
        self.limit = max(0.1, min(self.job.cell_seconds, deadline - time.monotonic()))
        self.client.shown, self.client.cut = 0, False
        # What an earlier cell displayed is noted already, and no later cell can change it.
        self.client._display_id_map.clear()
        code = nbformat.v4.new_code_cell(cell.source)
        self.client.nb.cells = [code]
        reply: dict[str, Any] = {}
        self.client.on_cell_executed = lambda **said: reply.update(said["execute_reply"]["content"])
        await self.client.async_execute_cell(code, 0)
        if reply.get("ename") == "CellTimeoutError":
            text = stopped(self.limit)
            error = nbformat.v4.new_output(
                "error", ename="CellTimeoutError", evalue=text, traceback=[f"CellTimeoutError: {text}"]
            )
            code.outputs = [one for one in code.outputs if one.output_type != "error"] + [error]
        return Shown(_plain(_merged(code.outputs)), code.execution_count)

    async def lend(self, snapshot: socket.socket, deadline: float) -> None:
        """Let it fork a snapshot for the tests, which gets this socket, and wait until that is done.

        Raises:  DeadKernelError: it has ended, or is still busy after the time of a cell.
        """
        until = min(time.monotonic() + self.job.cell_seconds, deadline)
        word = secrets.token_bytes(16)  # comes back when it is done: a cell may have written anything before
        socket.send_fds(self.door, [word], [snapshot.fileno()])
        while time.monotonic() < until:
            if not select.select([self.door], [], [], 0.01)[0]:
                if not await self.manager.is_alive():
                    break
            elif (said := self.door.recv(MAX_WORD)) == word:
                return
            elif not said:
                break
        raise DeadKernelError("the kernel died")

    def seconds(self, _: Any) -> float:
        """For nbclient."""
        return self.limit

    def stop(self) -> None:
        """Let the process stand still, for its snapshots: nothing that a cell has begun can end them later.

        Raises:  DeadKernelError: it has ended.
        """
        assert self.child is not None
        self.child.stop()
        if self.child.reason:
            raise DeadKernelError(self.child.reason)

    async def hang_up(self) -> None:
        """Take no message any more."""
        if self.client.kc:
            self.client.kc.stop_channels()

    def why(self, error: Exception) -> str:
        """Why the process ended, as its watcher says it, or what happened to us."""
        if isinstance(error, CellTimeoutError):
            return "the cell could not be interrupted"
        return f"the kernel died: {self.reason() or error}"

    def reason(self) -> str:
        """What the watcher of the process says of its end; "" while it runs."""
        for _ in range(10):
            if self.child is not None and (reason := self.child.poll()):
                return reason
            time.sleep(0.01)
        return ""

    def stopped_cell(self, reason: str) -> Shown:
        """What a cell shows that was cut short."""
        text = printable(reason)
        return Shown(_plain([nbformat.v4.new_output("error", ename=NOT_RUN, evalue=text, traceback=[text])]))

    def close(self) -> None:
        """End the process, and remove the sockets."""
        if self.child is not None:
            self.child.close()
        self.door.close()
        self.door_there.close()
        self.manager.context.destroy(linger=0)
        shutil.rmtree(self.folder, ignore_errors=True)


def _merged(outputs: list[Any]) -> list[Any]:
    """Outputs as they are kept: each stream is one, where it first showed something, as a terminal shows lines."""
    merged: list[Any] = []
    parts: dict[str, list[str]] = {}
    for one in outputs:
        if "metadata" in one:
            one.metadata = _sizes_only(one.metadata)
        if "data" in one:
            one.data.setdefault("text/plain", "")  # a page has something to show where it knows no other kind
        if one.output_type != "stream":
            merged.append(one)
        elif one.name in parts:
            parts[one.name].append(one.text)
        else:
            parts[one.name] = [one.text]
            merged.append(one)
    for one in merged:
        if one.output_type == "stream":
            text = "".join(parts[one.name])
            one.text = "\n".join(line.rstrip() if "\r" in text else line for line in screen(text))
    return merged


def _sizes_only(metadata: dict[str, Any]) -> dict[str, Any]:
    """Of what a display says about itself, numbers: a page writes the rest into its HTML as it is."""
    return {
        kind: {name: value for name, value in said.items() if isinstance(value, int | float)}
        for kind, said in metadata.items()
        if isinstance(said, dict)
    }


def _plain(outputs: list[Any]) -> list[dict[str, Any]]:
    """Outputs as JSON that can be written, without what differs from run to run."""
    text = sound(json.dumps(outputs, sort_keys=True, ensure_ascii=False))
    plain: list[dict[str, Any]] = json.loads(ADDRESS.sub(" at 0x…", text))
    return plain


def files_of(files: dict[str, bytes]) -> tuple[dict[str, int], list[bytes]]:
    """Files as they are handed over: {name: position}, and a list of bytes."""
    names = sorted(files)
    return {name: position for position, name in enumerate(names)}, [files[name] for name in names]

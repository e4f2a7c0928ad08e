"""Processes of `torch.distributed` that each hold a part of a batch, beside one that holds all of it."""

import datetime
import os
import socket

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from mylib.attention.contrastive import pytorch

EACH, TEMPERATURE = 3, 0.3


def run_processes(world):
    """Start them; each compares its loss and its averaged gradients with those of the joined batch."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.spawn(_part, args=(world, port), nprocs=world)


def _part(rank, world, port):
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "GLOO_SOCKET_IFNAME": "lo"}
    torch.set_num_threads(1)
    limit = datetime.timedelta(seconds=60)
    dist.init_process_group("gloo", rank=rank, world_size=world, timeout=limit)
    try:
        generator = torch.Generator().manual_seed(5)
        x1, x2 = (torch.randn(world * EACH, 6, generator=generator, dtype=torch.float64) for _ in range(2))
        torch.manual_seed(7)
        model = pytorch.ProjectionHead(6, 8, 4).double()
        expected_loss = pytorch.nt_xent(model(x1), model(x2), TEMPERATURE)
        expected = torch.autograd.grad(expected_loss, list(model.parameters()))
        mine = slice(rank * EACH, (rank + 1) * EACH)
        parallel = torch.nn.parallel.DistributedDataParallel(model)
        z1, z2 = parallel(torch.cat([x1[mine], x2[mine]])).chunk(2)
        loss = pytorch.nt_xent(z1, z2, TEMPERATURE, gather=True)
        loss.backward()
        torch.testing.assert_close(loss, expected_loss, rtol=1e-12, atol=0)
        for parameter, gradient in zip(model.parameters(), expected, strict=True):
            torch.testing.assert_close(parameter.grad, gradient, rtol=1e-9, atol=1e-12)
    finally:
        dist.destroy_process_group()

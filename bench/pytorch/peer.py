"""The PyTorch side of `bipe bench`: a process that answers requests, one JSON object a line on standard input, with one
JSON object a line on standard output. `error` in an answer is the one line that says what went wrong.

    {"do": "describe"}                     -> {"description"}
    {"do": "peak", "size": n}              -> {"flops"}: operations a second of the fastest product of n x n matrices
    {"do": "load", "folder": f, "job": j}  -> {}: weights and token ids from the folder, the work as bench/harness/rows.ts says
    {"do": "check"}                        -> {"losses"}: to be compared with the other side's
    {"do": "time", "steps": n}             -> {"seconds"}
    {"do": "memory"}                       -> {"peakBytes"}: the most physical memory this process ever held
"""

import json
import math
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from decoding import Greedy
from model import Decoder
from tensors import TensorFile

# `bipe bench --device gpu` sets it; the default device of all tensors. torch.compile does not heed it everywhere, so what is made
# in a pass names its device.
DEVICE = os.environ.get("BIPE_BENCH_DEVICE", "cpu")

def precision(job: dict[str, Any]) -> torch.autocast:
    return torch.autocast(DEVICE, dtype=torch.bfloat16, enabled=job["products"] == "bfloat16")


def wait() -> None:
    """Until what was started on a GPU is done."""
    if DEVICE == "cuda":
        torch.cuda.synchronize()


class Evaluation:
    """The mean loss of sequences; a step is a pass over them."""

    def __init__(self, job: dict[str, Any], model: Decoder, ids: Tensor) -> None:
        loss = torch.compile(model.evaluation, dynamic=False) if job["way"] == "compiled" else model.evaluation
        self.job, self.loss, self.ids = job, loss, ids

    def check(self) -> list[float]:
        return [self.step()]

    def step(self) -> float:
        with torch.inference_mode(), precision(self.job):
            return self.loss(self.ids).item()


class Training:
    """Forward, backward, clipping, AdamW; a step is one update."""

    def __init__(self, job: dict[str, Any], model: Decoder, ids: Tensor) -> None:
        self.job, self.model, self.ids = job, model, ids
        self.loss = torch.compile(model.loss, dynamic=False) if job["way"] == "compiled" else model.loss
        self.optimizer = torch.optim.AdamW(
            model.parameters(), lr=job["learningRate"], weight_decay=job["weightDecay"], fused=True
        )

    def check(self) -> list[float]:
        return [self.step() for _ in range(2)]

    def step(self) -> float:
        with precision(self.job):
            loss = self.loss(self.ids)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.job["clipNorm"])
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.item()


class Decoding:
    """Greedy generation; a step is a generation of `newTokens` for all prompts."""

    def __init__(self, job: dict[str, Any], model: Decoder, ids: Tensor) -> None:
        self.job, self.model, self.prompts = job, model, ids
        capacity = ids.shape[1] + job["newTokens"]
        self.greedy = Greedy(model, ids.shape[0], capacity, job["eos"], job["way"] == "compiled")

    def check(self) -> list[float]:
        rows = self.job["checkedRows"]
        generated = self.step()[:rows]
        with torch.inference_mode():
            return [self.model.evaluation(torch.cat([self.prompts[:rows], generated], 1)).item()]

    def step(self) -> Tensor:
        return self.greedy.generate(self.prompts, self.job["newTokens"])


WORKS = {"evaluate": Evaluation, "train": Training, "decode": Decoding}


class Peer:
    def __init__(self) -> None:
        self.work: Evaluation | Training | Decoding | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        return getattr(self, f"do_{request.pop('do')}")(**request)

    def do_describe(self) -> dict[str, Any]:
        place = torch.cuda.get_device_name() if DEVICE == "cuda" else f"{torch.get_num_threads()} threads"
        return {"description": f"PyTorch {torch.__version__}, {place}"}

    def do_peak(self, size: int) -> dict[str, Any]:
        left, right = torch.rand(size, size), torch.rand(size, size)
        best = float("inf")
        for _ in range(20):
            wait()
            start = time.perf_counter()
            left @ right
            wait()
            best = min(best, time.perf_counter() - start)
        return {"flops": 2 * size**3 / best}

    def do_load(self, folder: str, job: dict[str, Any]) -> dict[str, Any]:
        model = Decoder(job["model"], plain=job["way"] == "plain")
        model.load(TensorFile(Path(folder, "model.safetensors")))
        ids = TensorFile(Path(folder, "ids.safetensors")).take("ids").long()
        self.work = WORKS[job["kind"]](job, model, ids)
        return {}

    def do_check(self) -> dict[str, Any]:
        return {"losses": [loss if math.isfinite(loss) else None for loss in self.work.check()]}

    def do_time(self, steps: int) -> dict[str, Any]:
        start = time.perf_counter()
        for _ in range(steps):
            self.work.step()
        wait()
        return {"seconds": time.perf_counter() - start}

    def do_memory(self) -> dict[str, Any]:
        return {"peakBytes": peak_bytes()}


def peak_bytes() -> int:
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def main() -> None:
    # Nothing but answers goes to standard output, whatever a library prints.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))
    torch.set_default_device(DEVICE)
    torch.manual_seed(0)
    peer = Peer()
    for line in sys.stdin:
        try:
            answer = peer.answer(json.loads(line))
        except Exception as error:
            lines = str(error).strip().splitlines() or [""]
            answer = {"error": f"{type(error).__name__}: {lines[0]}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()

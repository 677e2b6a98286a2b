"""Tensors of a safetensors file: 8 bytes length, a JSON header, the numbers (github.com/huggingface/safetensors)."""

import json
import struct
from pathlib import Path

import torch
from torch import Tensor

TYPES = {"F32": torch.float32, "I32": torch.int32}


class TensorFile:
    """A file's tensors by name, each read when it is taken, so that the file is never in memory as a whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            self.entries = json.loads(file.read(length))
        self.entries.pop("__metadata__", None)
        self.start = 8 + length

    def take(self, name: str) -> Tensor:
        """Reads a tensor and forgets its name."""
        entry = self.entries.pop(name)
        first, end = entry["data_offsets"]
        values = bytearray(end - first)
        with self.path.open("rb") as file:
            file.seek(self.start + first)
            file.readinto(values)
        read = torch.frombuffer(values, dtype=TYPES[entry["dtype"]]).reshape(entry["shape"])
        return read.to(torch.get_default_device())

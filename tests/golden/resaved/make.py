"""Opens a checkpoint of this project with transformers, changes a standard field, saves it again, and says what it computes.

Run once with each version of transformers, from the repository's root:
    pip install torch==2.13.0 transformers==4.57.6   (then transformers==5.24.0)
    python tests/golden/resaved/make.py
"""

import os
import shutil
import tempfile

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

here = os.path.dirname(os.path.abspath(__file__))
version = transformers.__version__.split(".")[0]
changes = {
    "linear": {"rope_scaling": {"rope_type": "linear", "factor": 4.0}},
    "dynamic": {"rope_scaling": {"rope_type": "dynamic", "factor": 2.0}},
    "yarn": {"rope_scaling": {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 32}},
    "theta": {"rope_theta": 500000.0},
    "eps": {"rms_norm_eps": 0.01},
}
times = [0, 1, 31, 32, 63, 64, 95, 96]


def changed(config, change):
    for field, value in change.items():
        if version != "4" and field == "rope_scaling":
            config.rope_parameters = {**value, "rope_theta": 10000.0}
        elif version != "4" and field == "rope_theta":
            config.rope_parameters = {**config.rope_parameters, "rope_theta": value}
        else:
            setattr(config, field, value)
    return config


with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as saved:
    shutil.copy(os.path.join(here, "original", "config.json"), ours)
    shutil.copy(os.path.join(here, "..", "hf", "hf4_default", "model.safetensors"), ours)
    ids = torch.randint(0, 101, (2, 97), generator=torch.Generator().manual_seed(5))
    for name, change in changes.items():
        config = changed(AutoConfig.from_pretrained(ours), change)
        model = AutoModelForCausalLM.from_pretrained(ours, config=config, dtype=torch.float32).eval()
        model.save_pretrained(saved)
        folder = os.path.join(here, name)
        os.makedirs(folder, exist_ok=True)
        shutil.copy(os.path.join(saved, "config.json"), os.path.join(folder, f"config.{version}.json"))
        with torch.no_grad():
            result = model(ids, labels=ids)
        expected = {
            "input_ids": ids.to(torch.int32),
            "times": torch.tensor(times, dtype=torch.int32),
            "logits": result.logits[:, times].contiguous(),
            "loss": result.loss.reshape(1),
        }
        save_file(expected, os.path.join(folder, "expected.safetensors"))

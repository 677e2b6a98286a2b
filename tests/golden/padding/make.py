"""The gradients of the released model with its padding_idx, on a text without separators that is longer than the intra table.

The decoder is written here anew after the released code (github.com/zhenyuhe00/BiPE, my_modeling_llama_bipe_rope.py and
_alibi.py): its embeddings are nn.Embedding(rows, hidden, padding_idx=-1). Before anything is written, it is compared with what
the released code itself gave: the gradients in ../<model>/expected.json.

    pip install torch==2.13.0 safetensors
    python tests/golden/padding/make.py
"""

import json
import math
import os

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

here = os.path.dirname(os.path.abspath(__file__))
separators = (869, 13)


def bilevel(ids):
    intra, segment = torch.zeros_like(ids), torch.zeros_like(ids)
    for row in range(ids.shape[0]):
        place = index = 0
        for time in range(ids.shape[1]):
            intra[row, time], segment[row, time] = min(place, 1023), index
            place += 1
            if int(ids[row, time]) in separators:
                place, index = 0, index + 1
    return intra, segment


def norm(x, weight, eps):
    return weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)


def slopes(heads):
    def of(count):
        return [2 ** (-8 * (head + 1) / count) for head in range(count)]

    lower = 2 ** math.floor(math.log2(heads))
    return of(lower) + of(2 * lower)[0::2][: heads - lower]


def loss_of(weights, config, ids):
    heads, eps, kind = config["num_attention_heads"], config["rms_norm_eps"], config["rpe_type"]
    padding = {"padding_idx": config["pad_token_id"]}
    intra, segment = bilevel(ids)
    bilevel_kind = kind.startswith("bipe")
    position = segment if bilevel_kind else torch.arange(ids.shape[1]).expand_as(ids)
    x = F.embedding(ids, weights["model.embed_tokens.weight"], **padding)
    if bilevel_kind:
        x = x + F.embedding(intra, weights["model.embeds.0.weight"], **padding)
    width = x.shape[-1] // heads
    rates = 1.0 / (10000 ** (torch.arange(0, width, 2).float() / width))
    angles = torch.cat([position[..., None] * rates] * 2, -1)[:, None]
    mask = torch.full((ids.shape[1],) * 2, torch.finfo(torch.float32).min).triu(1)

    def turned(v):
        first, second = v.chunk(2, -1)
        return v * angles.cos() + torch.cat([-second, first], -1) * angles.sin()

    for layer in range(config["num_hidden_layers"]):
        w = {k[len(f"model.layers.{layer}."):]: v for k, v in weights.items() if f".layers.{layer}." in k}
        h = norm(x, w["input_layernorm.weight"], eps)
        q, k, v = (
            F.linear(h, w[f"self_attn.{name}_proj.weight"]).unflatten(-1, (heads, width)).transpose(1, 2)
            for name in "qkv"
        )
        if kind.endswith("rope"):
            q, k = turned(q), turned(k)
        scores = q @ k.transpose(-1, -2) / math.sqrt(width)
        if kind.endswith("alibi"):
            slope = torch.tensor(slopes(heads)) * (96 if bilevel_kind else 1)
            distance = (position[:, None, :] - position[:, :, None]).float()
            scores = scores + slope[None, :, None, None] * distance[:, None]
        mixed = (scores + mask).softmax(-1) @ v
        x = x + F.linear(mixed.transpose(1, 2).flatten(2), w["self_attn.o_proj.weight"])
        h = norm(x, w["post_attention_layernorm.weight"], eps)
        gate = F.silu(F.linear(h, w["mlp.gate_proj.weight"])) * F.linear(h, w["mlp.up_proj.weight"])
        x = x + F.linear(gate, w["mlp.down_proj.weight"])
    logits = F.linear(norm(x, weights["model.norm.weight"], eps), weights["lm_head.weight"])
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())


def gradients(folder, ids):
    with open(os.path.join(folder, "config.json")) as file:
        config = json.load(file)
    weights = {k: v.requires_grad_() for k, v in load_file(os.path.join(folder, "model.safetensors")).items()}
    loss = loss_of(weights, config, ids)
    loss.backward()
    return loss.item(), {name: weight.grad for name, weight in weights.items()}


for name in ("rope", "alibi", "bipe_rope", "bipe_alibi"):
    folder = os.path.join(here, "..", name)
    with open(os.path.join(folder, "expected.json")) as file:
        released = json.load(file)
    loss, grads = gradients(folder, load_file(os.path.join(folder, "expected.safetensors"))["input_ids"].long())
    assert abs(loss - released["loss"]) < 1e-5, (name, loss, released["loss"])
    for key, wanted in released["grad_norms"].items():
        assert abs(grads[key].norm().item() / wanted - 1) < 1e-4, (name, key)

# Ids from 20 up, but for the separator 869; the last id of the vocabulary among them.
ids = torch.randint(20, 869, (1, 2300), generator=torch.Generator().manual_seed(3))
ids[0, [7, 1100, 2200]] = 999
result = {"input_ids": ids.to(torch.int32)}
norms = {}
for name in ("rope", "bipe_rope", "bipe_alibi"):
    loss, grads = gradients(os.path.join(here, "..", name), ids)
    rows = {"embed_tokens[999]": grads["model.embed_tokens.weight"][999]}
    if name.startswith("bipe"):
        table = grads["model.embeds.0.weight"]
        rows.update({"embeds.0[1022]": table[1022], "embeds.0[1023]": table[1023]})
    norms[name] = {
        "loss": loss,
        "grad_norms": {key: grad.norm().item() for key, grad in grads.items()},
        "row_norms": {key: row.norm().item() for key, row in rows.items()},
    }
save_file(result, os.path.join(here, "input_ids.safetensors"))
with open(os.path.join(here, "expected.json"), "w") as file:
    json.dump(norms, file, indent=1)
    file.write("\n")
print({name: entry["row_norms"] for name, entry in norms.items()})

"""The decoder as PyTorch runs it fastest: queries, keys and values from one product, gate and up from another,
`scaled_dot_product_attention`, `rms_norm`. ALiBi's bias depends on the key alone, up to a constant that the softmax
ignores, so it is one more dimension of queries and keys. `plain=True` is the formulation of the paper's released code
instead: scores, bias, mask, softmax.

Shapes: b sequences of t tokens, h heads of width w, d = h w.
"""

import math
from dataclasses import dataclass
from typing import Any, Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tensors import TensorFile


@dataclass(frozen=True)
class Encoding:
    """What of a model's configuration says where tokens are."""

    kind: str  # of the relative encoding: rope or alibi
    bilevel: bool
    base: float
    slope_factor: float
    separators: tuple[int, ...]


def encoding_of(config: dict[str, Any]) -> Encoding:
    """The encoding of a model's configuration.

    Raises ValueError for what this model does not have.
    """
    outer = config["encoding"]
    bilevel = outer["kind"] == "bipe"
    if bilevel and outer["intra"]["kind"] != "learned":
        raise ValueError(f"no encoding {outer['intra']['kind']} inside segments here")
    inner = outer["inter"] if bilevel else outer
    if inner["kind"] not in ("rope", "alibi") or "scaling" in inner:
        raise ValueError(f"no encoding {inner['kind']} here")
    unsupported = [key for key in ("window", "dropout") if key in config]
    if config["style"] != "llama" or config["logScale"] or unsupported:
        raise ValueError("only Llama's style without logScale, window and dropout here")
    separators = tuple(config["separators"][0]) if bilevel else ()
    return Encoding(inner["kind"], bilevel, inner.get("base", 10_000), inner.get("slopeFactor", 1), separators)


def bilevel_positions(ids: Tensor, separators: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Place inside the segment and index of the segment, each [b, t]; a separator closes its own segment."""
    ends = torch.isin(ids, torch.tensor(separators, dtype=ids.dtype, device=ids.device))
    segment = ends.cumsum(1) - ends.long()
    clock = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
    begins = F.pad(ends[:, :-1], (1, 0))
    start = torch.where(begins, clock, 0).cummax(1).values
    return clock - start, segment


def alibi_slopes(heads: int) -> list[float]:
    """The slope of each head (Press et al. 2022, and their code for other counts than powers of two)."""

    def powers(count: int) -> list[float]:
        return [2 ** (-8 * (head + 1) / count) for head in range(count)]

    lower = 2 ** int(math.log2(heads))
    return powers(lower) + powers(2 * lower)[::2][: heads - lower]


@dataclass
class Places:
    """What attention needs of the positions of some tokens."""

    intra: Tensor | None  # place inside the segment, [b, t]
    cos: Tensor | None = None  # [b or 1, 1, t, w]
    sin: Tensor | None = None
    bias: Tensor | None = None  # of keys, up to a constant of each query, [b or 1, h, t, 1]


def rotate(x: Tensor, places: Places) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return x * places.cos + torch.cat([-second, first], dim=-1) * places.sin


class Block(nn.Module):
    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        d, f = config["hiddenSize"], config["intermediateSize"]
        self.heads, self.eps = config["numHeads"], config["normEps"]
        self.qkv = nn.Linear(d, 3 * d, bias=False)
        self.o = nn.Linear(d, d, bias=False)
        self.gate_up = nn.Linear(d, 2 * f, bias=False)
        self.down = nn.Linear(f, d, bias=False)
        self.norm1 = nn.Parameter(torch.ones(d))
        self.norm2 = nn.Parameter(torch.ones(d))

    def forward(self, x: Tensor, attend: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Tensor:
        """x [b, t, d]; `attend` takes queries, keys and values as projected, each [b, h, t, w]."""
        b, t, d = x.shape
        projected = self.qkv(F.rms_norm(x, (d,), self.norm1, self.eps))
        q, k, v = projected.view(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        x = x + self.o(attend(q, k, v).transpose(1, 2).reshape(b, t, d))
        gate, up = self.gate_up(F.rms_norm(x, (d,), self.norm2, self.eps)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up)


class Decoder(nn.Module):
    def __init__(self, config: dict[str, Any], plain: bool = False) -> None:
        super().__init__()
        self.encoding = encoding_of(config)
        self.plain = plain
        d = config["hiddenSize"]
        self.width, self.eps = d // config["numHeads"], config["normEps"]
        self.embedding = nn.Embedding(config["vocabSize"], d)
        if self.encoding.bilevel:
            self.intra = nn.Embedding(config["encoding"]["intra"].get("rows", config["trainLength"]), d)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config["numLayers"]))
        self.norm = nn.Parameter(torch.ones(d))
        self.head = nn.Linear(d, config["vocabSize"], bias=False)
        if config["tieEmbeddings"]:
            self.head.weight = self.embedding.weight
        rates = self.encoding.base ** (-torch.arange(0, self.width, 2, dtype=torch.float64) / self.width)
        self.register_buffer("rates", torch.cat([rates, rates]).float())
        slopes = torch.tensor(alibi_slopes(config["numHeads"])) * self.encoding.slope_factor
        self.register_buffer("slopes", slopes.view(1, -1, 1, 1))

    def load(self, file: TensorFile) -> None:
        """Takes over all parameters by the names they have in Hugging Face checkpoints."""

        def put(parameter: Tensor, *names: str) -> None:
            parts = [file.take(name) for name in names]
            for part, place in zip(parts, parameter.split([len(part) for part in parts])):
                place.copy_(part)

        with torch.no_grad():
            put(self.embedding.weight, "model.embed_tokens.weight")
            if self.encoding.bilevel:
                put(self.intra.weight, "model.embeds.0.weight")
            for index, block in enumerate(self.blocks):
                name = f"model.layers.{index}"
                put(block.qkv.weight, *(f"{name}.self_attn.{part}_proj.weight" for part in "qkv"))
                put(block.o.weight, f"{name}.self_attn.o_proj.weight")
                put(block.gate_up.weight, *(f"{name}.mlp.{part}_proj.weight" for part in ("gate", "up")))
                put(block.down.weight, f"{name}.mlp.down_proj.weight")
                put(block.norm1, f"{name}.input_layernorm.weight")
                put(block.norm2, f"{name}.post_attention_layernorm.weight")
            put(self.norm, "model.norm.weight")
            if self.head.weight is not self.embedding.weight:
                put(self.head.weight, "lm_head.weight")
        if file.entries:
            raise ValueError(f"parameters that this model has no place for: {', '.join(file.entries)}")

    def places(self, ids: Tensor) -> Places:
        """Of whole sequences, [b, t]."""
        if self.encoding.bilevel:
            intra, outer = bilevel_positions(ids, self.encoding.separators)
            return self.places_at(intra, outer)
        return self.places_at(None, torch.arange(ids.shape[1], device=ids.device).unsqueeze(0))

    def places_at(self, intra: Tensor | None, outer: Tensor) -> Places:
        """Of tokens at these positions, each [b or 1, t]."""
        positions = outer.float()[:, None, :, None]
        if self.encoding.kind == "alibi":
            return Places(intra, bias=self.slopes * positions)
        angles = positions * self.rates
        return Places(intra, angles.cos(), angles.sin())

    def embed(self, ids: Tensor, places: Places) -> Tensor:
        x = self.embedding(ids)
        if places.intra is None:
            return x
        return x + self.intra(places.intra.clamp(max=self.intra.num_embeddings - 1))

    def encode(self, q: Tensor, k: Tensor, v: Tensor, places: Places) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values as attention compares them, all of the same width, as its fast kernel wants."""
        if places.bias is None:
            return rotate(q, places), rotate(k, places), v
        bias = (places.bias * math.sqrt(self.width)).to(k.dtype).expand(*k.shape[:-1], 1)
        return F.pad(q, (0, 1), value=1.0), torch.cat([k, bias], dim=-1), F.pad(v, (0, 1))

    def attention(self, places: Places) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
        """Causal attention of whole sequences."""

        def fast(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            q, k, v = self.encode(q, k, v, places)
            context = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=self.width**-0.5)
            return context[..., : self.width]

        def plain(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            if places.bias is None:
                q, k = rotate(q, places), rotate(k, places)
            scores = q @ k.transpose(-1, -2) / math.sqrt(self.width)
            if places.bias is not None:
                distance = places.bias.transpose(-1, -2) - places.bias
                scores = scores + distance
            t = q.shape[2]
            mask = torch.full((t, t), torch.finfo(scores.dtype).min, device=scores.device).triu(1)
            return torch.softmax(scores + mask, dim=-1, dtype=torch.float32).to(q.dtype) @ v

        return plain if self.plain else fast

    def hidden(self, ids: Tensor) -> Tensor:
        """What the head predicts from, [b, t, d]."""
        places = self.places(ids)
        attend = self.attention(places)
        x = self.embed(ids, places)
        for block in self.blocks:
            x = block(x, attend)
        return self.finish(x)

    def finish(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.norm, self.eps)

    def loss(self, ids: Tensor) -> Tensor:
        """The mean cross-entropy of each next token of [b, t + 1]."""
        scores = self.head(self.hidden(ids[:, :-1]))
        return F.cross_entropy(scores.flatten(0, 1), ids[:, 1:].flatten())

    def evaluation(self, ids: Tensor, at_once: int = 1024) -> Tensor:
        """The same without a gradient: the scores of `at_once` tokens exist at a time."""
        hidden = self.hidden(ids[:, :-1]).flatten(0, 1)
        targets = ids[:, 1:].flatten()
        total = hidden.new_zeros(())
        for states, expected in zip(hidden.split(at_once), targets.split(at_once)):
            total = total + F.cross_entropy(self.head(states), expected, reduction="sum")
        return total / targets.numel()

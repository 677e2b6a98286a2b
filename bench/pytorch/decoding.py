"""Greedy decoding with a static cache of keys and values, for prompts of one length.

Operation by operation, a step attends to the part of the cache that is filled; compiled, to all of it under a mask, so
that its shapes never change.
"""

from typing import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from model import Decoder, Places, bilevel_positions


class Greedy:
    def __init__(self, model: Decoder, batch: int, capacity: int, eos: int, compiled: bool) -> None:
        self.model, self.eos, self.compiled = model, eos, compiled
        width = model.width + (1 if model.encoding.kind == "alibi" else 0)
        shape = (len(model.blocks), 2, batch, model.blocks[0].heads, capacity, width)
        self.cache = torch.zeros(shape)
        self.capacity = capacity
        self.step = torch.compile(self.masked_step, dynamic=False) if compiled else self.sliced_step

    def generate(self, prompts: Tensor, count: int) -> Tensor:
        """The `count` tokens after prompts [b, t]; after `eos` there is nothing but `eos`. [b, count]"""
        with torch.inference_mode():
            length = prompts.shape[1]
            tokens = self.prefill(prompts)
            chosen = [tokens]
            intra, outer = self.next_positions(prompts)
            for position in range(length, length + count - 1):
                at = torch.tensor([position]) if self.compiled else position
                likeliest = self.step(tokens, intra, outer, at)
                tokens, before = torch.where(tokens == self.eos, tokens, likeliest), tokens
                intra, outer = self.advance(before, intra, outer)
                chosen.append(tokens)
            return torch.stack(chosen, 1)

    def prefill(self, prompts: Tensor) -> Tensor:
        model = self.model
        places = model.places(prompts)
        x = model.embed(prompts, places)
        time = prompts.shape[1]
        for (keys, values), block in zip(self.cache, model.blocks):

            def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
                q, k, v = model.encode(q, k, v, places)
                keys[:, :, :time], values[:, :, :time] = k, v
                context = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=model.width**-0.5)
                return context[..., : model.width]

            x = block(x, attend)
        return model.head(model.finish(x[:, -1])).argmax(-1)

    def next_positions(self, prompts: Tensor) -> tuple[Tensor | None, Tensor]:
        """Where the token after the prompts stands, each [b or 1, 1]."""
        encoding = self.model.encoding
        if not encoding.bilevel:
            return None, torch.tensor([[prompts.shape[1]]])
        intra, outer = bilevel_positions(F.pad(prompts, (0, 1)), encoding.separators)
        return intra[:, -1:], outer[:, -1:]

    def advance(self, tokens: Tensor, intra: Tensor | None, outer: Tensor) -> tuple[Tensor | None, Tensor]:
        """The positions after those of `tokens`."""
        if intra is None:
            return None, outer + 1
        ends = torch.isin(tokens, torch.tensor(self.model.encoding.separators))[:, None]
        return torch.where(ends, 0, intra + 1), outer + ends

    def sliced_step(self, tokens: Tensor, intra: Tensor | None, outer: Tensor, at: int) -> Tensor:
        def attend(q: Tensor, keys: Tensor, values: Tensor) -> Tensor:
            filled = slice(0, at + 1)
            return F.scaled_dot_product_attention(
                q, keys[:, :, filled], values[:, :, filled], scale=self.model.width**-0.5
            )

        def write(held: Tensor, new: Tensor) -> None:
            held[:, :, at : at + 1] = new

        return self.take_step(tokens, self.model.places_at(intra, outer), write, attend)

    def masked_step(self, tokens: Tensor, intra: Tensor | None, outer: Tensor, at: Tensor) -> Tensor:
        seen = (torch.arange(self.capacity, device=at.device) <= at)[None, None, None, :]

        def attend(q: Tensor, keys: Tensor, values: Tensor) -> Tensor:
            return F.scaled_dot_product_attention(
                q, keys, values, attn_mask=seen, scale=self.model.width**-0.5
            )

        def write(held: Tensor, new: Tensor) -> None:
            held.index_copy_(2, at, new)

        return self.take_step(tokens, self.model.places_at(intra, outer), write, attend)

    def take_step(
        self,
        tokens: Tensor,
        places: Places,
        write: Callable[[Tensor, Tensor], None],
        attend_cache: Callable[[Tensor, Tensor, Tensor], Tensor],
    ) -> Tensor:
        model = self.model
        x = model.embed(tokens[:, None], places)
        for layer, block in enumerate(model.blocks):
            keys, values = self.cache[layer]

            def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
                q, k, v = model.encode(q, k, v, places)
                write(keys, k)
                write(values, v)
                return attend_cache(q, keys, values)[..., : model.width]

            x = block(x, attend)
        return model.head(model.finish(x[:, -1])).argmax(-1)

"""The output head on a CPU: log-probabilities of the labelled positions alone.

TRL gives a model's forward a fused head that projects in chunks and scores, where there is no Triton, prompts and
padding as well: a quarter of the time of an SFT step of the micro model. Here the same outputs come from one matrix
product over the positions that have a label, which is quick as long as their logits fit in memory.
Axes: B rows, L positions, N labelled positions, H width, V vocabulary.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def score_labelled_positions(model: Any, most_logits: int = 32_000_000) -> None:
    """Put this head in the place of the one that TRL's SFTTrainer added to `model`.

    A pass that would make more than `most_logits` numbers at once is left to TRL's chunks.
    """
    fused = model.forward

    def forward(
        self: Any, *args: Any, fused_lm_head: bool = False, labels: torch.Tensor | None = None, **kwargs: Any
    ) -> Any:
        if not fused_lm_head or labels is None or kwargs.get("output_router_logits") or "shift_labels" in kwargs:
            return fused(*args, fused_lm_head=fused_lm_head, labels=labels, **kwargs)
        mask_BL = labels[:, 1:] != -100
        if int(mask_BL.sum()) * self.config.get_text_config().vocab_size > most_logits:
            return fused(*args, fused_lm_head=True, labels=labels, **kwargs)
        hidden_BLH = self.base_model(*args, **kwargs).last_hidden_state[:, :-1]
        return _outputs(self.get_output_embeddings()(hidden_BLH[mask_BL]), labels[:, 1:][mask_BL], mask_BL)

    model.forward = types.MethodType(forward, model)


def _outputs(logits_NV: torch.Tensor, labels_N: torch.Tensor, mask_BL: torch.Tensor) -> Any:
    """What TRL's head returns: 0 where there is no label."""
    import torch
    from trl.trainer.utils import FusedCausalLMOutput

    def spread(values_N: torch.Tensor) -> torch.Tensor:
        return values_N.new_zeros(mask_BL.shape).masked_scatter(mask_BL, values_N)

    logprobs_NV = torch.log_softmax(logits_NV.float(), -1)
    logprobs_N = logprobs_NV.gather(1, labels_N[:, None]).squeeze(1)
    with torch.no_grad():
        entropy_N = -(logprobs_NV.exp() * logprobs_NV).sum(-1)
        is_top1_N = logprobs_NV.argmax(-1) == labels_N
    return FusedCausalLMOutput(
        loss=-logprobs_N.sum() / mask_BL.sum().clamp(min=1),
        log_probs=spread(logprobs_N),
        entropy=spread(entropy_N),
        is_top1=spread(is_top1_N),
        label_mask=mask_BL,
    )

"""What SFT's model and rows cannot do together, told before the first step.

Rows are checked as they come out of preparation, so what is compared with the model's positions is the longest row
itself and not the length of the sequence it is packed into: a packed row's positions start from zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deskcheck_conf.errors import ConfigError

from deskcheck_trainer.conversations import is_chat

if TYPE_CHECKING:
    from datasets import Dataset


def refuse_template(tokenizer: Any, rows: Dataset, *, assistant_only: bool) -> None:
    """ConfigError where rows of messages meet a tokenizer without a chat template, or one without marks it needs."""
    if not is_chat(rows):
        return
    if not tokenizer.chat_template:
        raise ConfigError(
            f"the rows are messages, but the tokenizer of {tokenizer.name_or_path} has no chat template: set "
            "model.chat_template to a Jinja file (often that of the model's instruct version)"
        )
    from deskcheck_trainer.backends.sft_args import marks_answers

    if assistant_only and not marks_answers(tokenizer):
        raise ConfigError(
            "trl.assistant_only_loss needs a chat template with {% generation %} marks, which that of "
            f"{tokenizer.name_or_path} lacks: leave it out (the loss is on completions alone without it), or set "
            "model.chat_template"
        )


def refuse_length(prepared: Dataset, model_config: Any) -> None:
    """ConfigError where the longest row has more tokens than the model has positions."""
    import pyarrow.compute

    pc: Any = pyarrow.compute  # its functions are made at import, which a type checker does not see
    positions = getattr(model_config.get_text_config(), "max_position_embeddings", None)
    if positions is None:
        return
    if "seq_lengths" in prepared.column_names:
        longest = pc.max(pc.list_flatten(_column(prepared, "seq_lengths"))).as_py()
    else:
        longest = pc.max(pc.list_value_length(_column(prepared, "input_ids"))).as_py()
    if longest is None:
        raise ConfigError("no row has a token of its completion within max_length: raise max_length")
    if longest > positions:
        raise ConfigError(
            f"the longest row has {longest} tokens, the model {positions} positions: pass max_length={positions}, or "
            f"rope_scaling.factor={-(-longest // positions)}"
        )


def _column(prepared: Dataset, name: str) -> Any:
    table: Any = prepared.with_format("arrow").select_columns([name])[:]
    return table.column(name)

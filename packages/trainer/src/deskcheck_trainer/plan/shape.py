"""A model's sizes without its weights: built on the meta device from its configuration, so nothing is downloaded.

The configuration comes from the run's own `scratch`, the model's folder or GGUF file, the configurations of the paper's
models beside this file, or the hub's cache. Axes: H hidden size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskcheck_conf.errors import ConfigError
from deskcheck_conf.schema import ModelConfig

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

MODELS = Path(__file__).with_name("models")
"""config.json of the models that the experiments name, by their names on the hub in lower case."""


@dataclass(frozen=True)
class Shape:
    """Counts of parameters, and what activations and caches are multiples of."""

    parameters: int
    in_products: int
    """Parameters that every token is multiplied with: all but an embedding that is only looked up."""
    in_layer: int
    """Parameters of one layer."""
    hidden_matrices: int
    """Parameters that Muon takes: matrices between embedding and output head."""
    layers: int
    hidden: int
    vocab: int
    query: int
    """Width of all queries of a token."""
    cached: int
    """Numbers a token leaves in the key-value cache."""


def config_of(model: ModelConfig, scratch: Any = None) -> PreTrainedConfig:
    """The Transformers configuration of a run's model. Raises ConfigError where none is at hand."""
    from deskcheck_agent.samplers.transformers import model_path
    from transformers import AutoConfig

    if scratch is not None:
        from deskcheck_trainer.micro_base import shape_config

        return shape_config(scratch, scratch.vocab_size)
    shipped = {file.stem: file for file in MODELS.glob("*.json")}
    name = model.path.lower().replace("/", "--")
    if name in shipped and not Path(model.path).exists():
        return AutoConfig.from_pretrained(str(shipped[name]))
    options = {"gguf_file": model.gguf_file} if model.gguf_file else {}
    try:
        return AutoConfig.from_pretrained(model_path(model), local_files_only=True, **options)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"no configuration of model {model.path} is at hand ({str(error).splitlines()[0]}): put its config.json "
            f"into a folder and pass model.path=FOLDER, or name one of {', '.join(sorted(shipped)).replace('--', '/')}"
        ) from None


def with_layers(config: PreTrainedConfig, layers: int) -> PreTrainedConfig:
    """The same model with only so many layers."""
    from copy import deepcopy

    cut = deepcopy(config)
    kinds = getattr(cut, "layer_types", None)
    cut.num_hidden_layers = layers
    if kinds is not None:
        cut.layer_types = list(kinds[:layers])
    return cut


def empty_model(config: PreTrainedConfig) -> PreTrainedModel:
    """The model of `config` on the meta device: shapes, no memory."""
    import torch
    from transformers import AutoModelForCausalLM

    attention = config._attn_implementation  # from_config would check that a GPU's kernel is there, and keep its own
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=config.dtype or torch.float32)
    model.config._attn_implementation = attention or "sdpa"
    return model


def adapted(model: Any, lora: Any) -> Any:
    """The model with the adapters of `lora` (lora.py) put into its layers, which alone are then trained."""
    if lora is None or lora.r is None:
        return model
    from peft import get_peft_model

    from deskcheck_trainer.lora import adapter

    peft_config = adapter(lora, model)
    assert peft_config is not None
    return get_peft_model(model, peft_config).get_base_model()


def shape_of(config: PreTrainedConfig) -> Shape:
    """Sizes of the model that `config` describes. Raises ConfigError for models without plain attention layers."""
    from deskcheck_trainer.optimizer import hidden_matrices

    model = empty_model(config)
    text = config.get_text_config()
    total = count(model)
    embedding: Any = model.get_input_embeddings()
    tied = getattr(model.get_output_embeddings(), "weight", None) is embedding.weight
    layers = text.num_hidden_layers
    heads = getattr(text, "num_attention_heads", None)
    if heads is None:
        raise ConfigError(f"a {config.model_type} model names no attention heads: it cannot be planned")
    head_dim = getattr(text, "head_dim", None) or text.hidden_size // heads
    return Shape(
        parameters=total,
        in_products=total - (0 if tied else embedding.weight.numel()),
        in_layer=(total - count(empty_model(with_layers(config, layers - 1)))) if layers > 1 else total,
        hidden_matrices=sum(matrix.numel() for matrix in hidden_matrices(model)),
        layers=layers,
        hidden=text.hidden_size,
        vocab=text.vocab_size,
        query=heads * head_dim,
        cached=2 * layers * (getattr(text, "num_key_value_heads", None) or heads) * head_dim,
    )


def count(model: Any, *, trainable: bool = False) -> int:
    """Parameters of a model, a tied one once."""
    return sum(math.prod(p.shape) for p in model.parameters() if p.requires_grad or not trainable)

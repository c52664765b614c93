"""One optimizer object for both trainers: AdamW, or Muon on the hidden matrices with AdamW on the rest.

Muon orthogonalises the momentum of each weight matrix (Jordan 2024, https://kellerjordan.github.io/posts/muon). It is
meant for hidden 2-D matrices only, so embeddings, the output head, norms and biases stay with AdamW. Schedulers,
checkpoints and TRL's `optimizers=(optimizer, None)` all want a single `torch.optim.Optimizer`, so the pair below shares
one list of parameter groups and one state. The config part of this file needs no torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from deskcheck_conf.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer


class OptimizerKind(Enum):
    adamw = "adamw"
    muon = "muon"


@dataclass(kw_only=True)
class OptimizerConfig:
    kind: OptimizerKind = OptimizerKind.adamw
    learning_rate: float = 1e-3
    """Peak rate of AdamW (with Muon: of embeddings, head, norms and biases). The scheduler scales both rates alike."""
    muon_learning_rate: float = 0.02
    """Peak rate of Muon on the hidden matrices. Ignored by `adamw`."""
    weight_decay: float = 0.0
    beta1: float = 0.9
    beta2: float = 0.95
    momentum: float = 0.95
    """Momentum of Muon. Ignored by `adamw`."""

    def __post_init__(self) -> None:
        for name in ("learning_rate", "muon_learning_rate"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"optimizer.{name} is {getattr(self, name)}, expected a number above 0")
        for name in ("beta1", "beta2", "momentum"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"optimizer.{name} is {getattr(self, name)}, expected a number in [0, 1)")


def hidden_matrices(model: nn.Module) -> list[nn.Parameter]:
    """The trainable 2-D parameters between embedding and head: what Muon may touch."""
    ends = {id(parameter) for module in _ends(model) for parameter in module.parameters()}
    return [p for p in model.parameters() if p.requires_grad and p.ndim == 2 and id(p) not in ends]


def build_optimizer(model: nn.Module, config: OptimizerConfig) -> Optimizer:
    """AdamW over all trainable parameters, or Muon and AdamW behind one `Optimizer`."""
    from torch.optim import AdamW

    trainable = [p for p in model.parameters() if p.requires_grad]
    betas = (config.beta1, config.beta2)
    if config.kind is OptimizerKind.adamw:
        return AdamW(trainable, lr=config.learning_rate, betas=betas, weight_decay=config.weight_decay, fused=True)
    matrices = hidden_matrices(model)
    if not matrices:
        raise ConfigError("optimizer.kind is muon: the model has no trainable hidden matrix: pass optimizer.kind=adamw")
    taken = {id(p) for p in matrices}
    rest = [p for p in trainable if id(p) not in taken]
    return _muon_with_adamw(matrices, rest, config)


def _ends(model: nn.Module) -> list[nn.Module]:
    """Embedding and output head; found by role, since their names differ between families."""
    getters = (getattr(model, name, None) for name in ("get_input_embeddings", "get_output_embeddings"))
    return [module for getter in getters if getter is not None and (module := getter()) is not None]


def _muon_with_adamw(matrices: list[nn.Parameter], rest: list[nn.Parameter], config: OptimizerConfig) -> Optimizer:
    from torch.optim import AdamW, Muon, Optimizer

    class MuonWithAdamW(Optimizer):
        """Two optimizers whose groups and state are those of this one, so `state_dict` and schedulers just work."""

        def __init__(self) -> None:
            betas = (config.beta1, config.beta2)
            decay = config.weight_decay
            self.parts: list[Optimizer] = [
                Muon(matrices, lr=config.muon_learning_rate, momentum=config.momentum, weight_decay=decay)
            ]
            if rest:
                self.parts.append(AdamW(rest, lr=config.learning_rate, betas=betas, weight_decay=decay, fused=True))
            super().__init__([group for part in self.parts for group in part.param_groups], {})
            self._share()

        def _share(self) -> None:
            for part, group in zip(self.parts, self.param_groups, strict=True):
                part.param_groups = [group]
                part.state = self.state

        def load_state_dict(self, state_dict) -> None:  # the base class makes new groups and a new state
            super().load_state_dict(state_dict)
            self._share()

        def step(self, closure=None):  # pyright: ignore[reportIncompatibleMethodOverride]
            loss = closure() if closure is not None else None
            for part in self.parts:
                part.step()
            return loss

    return MuonWithAdamW()

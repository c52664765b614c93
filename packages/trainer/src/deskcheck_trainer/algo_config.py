"""The configuration of the estimator and of the two backends: from rewards to a loss, and when weights move.

Choices live in conf/deskcheck_conf/algo. TRL's arguments that we do not name ourselves pass through `algo.trl` and are
checked against GRPOConfig's own fields when the backend starts (backends/trl_args.py). No torch in here.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from deskcheck_conf.errors import ConfigError

from deskcheck_trainer.advantage import AdvantageRule, Credit


@dataclass(kw_only=True)
class GibberishConfig:
    """Drop rollouts with a rare token that the policy found very unlikely (CWM's rule; see filters.py)."""

    min_token_id: int = 100_000
    vocab_size: int = 128_256
    margin: float = 2.0


@dataclass(kw_only=True)
class AlgoConfig:
    """From rewards to a loss."""

    advantage: AdvantageRule = AdvantageRule.length_weighted
    credit: Credit = Credit.shared
    discount: float = 1.0
    """credit=discounted: factor a turn, counted from the last trained turn backwards."""
    gibberish: GibberishConfig | None = None
    drop_overlong: bool = False
    """Leave out rollouts with a turn cut at max_tokens, instead of scoring them."""
    lean: bool = True
    """Skip rows without gradient and padding where the gradient stays the same (backends/micro_batch.py)."""
    trl: dict[str, Any] = field(default_factory=dict)
    """Further GRPOConfig arguments: loss_type, epsilon, epsilon_high, ..."""

    def __post_init__(self) -> None:
        if not 0 <= self.discount <= 1:
            raise ConfigError(f"algo.discount is {self.discount}, expected a factor in [0, 1]")


class BackendName(Enum):
    """How rollouts become optimizer steps; environments and advantages are the same."""

    trl_sync = "trl_sync"
    trl_async = "trl_async"


@dataclass(kw_only=True)
class AsyncConfig:
    """backend=trl_async: rollouts beside the training. blocks_per_step, micro_batch_rows and algo.lean are not used."""

    max_staleness: int = 8
    """Weight updates after which a row that is not yet trained is dropped; 8 in the paper."""
    tokens_per_step: int = 16_384
    """Tokens of one optimizer step, prompts included; only rows with an advantage count. A million in the paper."""
    tokens_per_pass: int = 4096
    """Tokens of one forward and backward pass, about; a longer row is dropped. 131,072 in the paper."""
    groups_in_play: int = 8
    """Tasks being played at once, num_generations rollouts each."""
    queue_tokens: int | None = None
    """Rollouts rest while so many tokens wait to be trained; null: what max_staleness steps train."""
    weight_sync_steps: int = 1
    """Optimizer steps between two weight updates of the sampler."""
    patience: int = 1000
    """Groups in a row without a row to train on (all rollouts alike) after which the run is stopped."""
    stall_s: float = 1800.0
    """Seconds without an ended group of rollouts after which the run is stopped."""

    def __post_init__(self) -> None:
        least = {"max_staleness": 0, "tokens_per_step": 1, "tokens_per_pass": 1, "groups_in_play": 1, "patience": 1}
        for name, low in (least | {"weight_sync_steps": 1}).items():
            if getattr(self, name) < low:
                raise ConfigError(f"async_.{name} is {getattr(self, name)}, expected at least {low}")
        if self.queue_tokens is not None and self.queue_tokens < self.tokens_per_step:
            raise ConfigError(
                f"async_.queue_tokens is {self.queue_tokens}, expected at least tokens_per_step="
                f"{self.tokens_per_step}: no step would ever be full"
            )

    def passes(self, ranks: int) -> int:
        """Forward and backward passes of a step on each rank."""
        return -(-self.tokens_per_step // (self.tokens_per_pass * ranks))

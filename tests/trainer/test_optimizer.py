"""Muon and AdamW behind one optimizer: who gets which parameter, schedulers, checkpoints."""

import copy
from typing import Any, cast

import pytest
import torch
from deskcheck_trainer.optimizer import OptimizerConfig, OptimizerKind, build_optimizer, hidden_matrices
from torch import nn


class Tiny(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.hidden = nn.Linear(8, 8)
        self.head = nn.Linear(8, 11, bias=False)
        self.head.weight = self.embed.weight

    def get_input_embeddings(self) -> nn.Module:
        return self.embed

    def get_output_embeddings(self) -> nn.Module:
        return self.head

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.head(torch.tanh(self.hidden(self.embed(ids))))


def model_and_optimizer(kind: OptimizerKind):
    torch.manual_seed(0)
    model = Tiny()
    return model, build_optimizer(model, OptimizerConfig(kind=kind, learning_rate=3e-2))


def train(model: nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> float:
    ids = torch.arange(11)
    loss = torch.tensor(0.0)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(ids), (ids * 3 + 1) % 11)
        loss.backward()
        optimizer.step()
    return loss.item()


def test_muon_gets_the_hidden_matrix_and_nothing_else():
    model, optimizer = model_and_optimizer(OptimizerKind.muon)
    assert [id(p) for p in hidden_matrices(model)] == [id(model.hidden.weight)]
    groups = [{id(p) for p in group["params"]} for group in optimizer.param_groups]
    assert groups == [{id(model.hidden.weight)}, {id(model.embed.weight), id(model.hidden.bias)}]


@pytest.mark.parametrize("kind", list(OptimizerKind))
def test_it_learns(kind):
    model, optimizer = model_and_optimizer(kind)
    before = train(model, optimizer, 1)
    assert train(model, optimizer, 60) < 0.2 * before


@pytest.mark.parametrize("kind", list(OptimizerKind))
def test_a_checkpoint_continues_the_same_run(kind):
    model, optimizer = model_and_optimizer(kind)
    train(model, optimizer, 5)
    weights, state = copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict())
    train(model, optimizer, 5)

    resumed, fresh = model_and_optimizer(kind)
    resumed.load_state_dict(weights)
    fresh.load_state_dict(state)
    train(resumed, fresh, 5)
    for expected, got in zip(model.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(expected, got)


def test_a_scheduler_scales_both_rates_also_after_a_load():
    _, optimizer = model_and_optimizer(OptimizerKind.muon)
    optimizer.load_state_dict(optimizer.state_dict())
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5)
    assert [part.param_groups[0]["lr"] for part in cast(Any, optimizer).parts] == [0.01, 0.015]


def test_a_rate_of_zero_is_refused():
    with pytest.raises(ValueError, match=r"optimizer.learning_rate is 0, expected a number above 0"):
        OptimizerConfig(learning_rate=0)

"""Tree attention from PyTorch's own: each row of a packed tree sees exactly what it would see alone."""

import numpy
import pytest
import torch
from deskcheck_agent.samplers.transformers import load_model
from deskcheck_conf.schema import ModelConfig
from deskcheck_trainer.backends import tree_attention
from trl.experimental.async_grpo.packing import TreeRow

SHARED = [5, 6, 7, 8, 9]


def sample(ids: list[int]) -> dict:
    ones = numpy.ones(len(ids), dtype=numpy.int64)
    return {
        "input_ids": numpy.array(ids, dtype=numpy.int64), "completion_mask": ones, "group_id": 0, "advantage": 1.0,
        "old_log_probs": numpy.zeros(len(ids), dtype=numpy.float32), "metrics": {},
    }  # fmt: skip


@pytest.mark.parametrize("window", [None, 4])
def test_a_packed_tree_gives_every_row_its_own_logits(tiny_model, window):
    rows = [[*SHARED, 20, 21], [*SHARED, 20, 22, 23], [*SHARED, 30], [40, 41, 42]]
    line = TreeRow()
    for row in rows:
        line.add(sample(row))
    assert len(line.tokens) < sum(map(len, rows))  # something is shared
    packed = line.pack()
    model, _ = load_model(ModelConfig(path=str(tiny_model)))
    alone = [attend(model, row, window) for row in rows]

    tree_attention.use_where_needed(model)
    tree = {name: packed[name] for name in ("tree_kv_index", "tree_cu_seqlens_q", "tree_cu_seqlens_k")}
    with torch.no_grad():
        if window is not None:
            tree["sliding_window"] = window
        together = model(input_ids=packed["input_ids"][None], position_ids=packed["position_ids"][None], **tree).logits[
            0
        ]
    for number, nodes in enumerate(line.sample_nodes):
        at = places(line, packed)
        assert torch.allclose(together[[at[node] for node in nodes]], alone[number], atol=1e-5)


def attend(model, row: list[int], window: int | None) -> torch.Tensor:
    """Logits of a row by itself, with an explicit mask where there is a window."""
    count = len(row)
    mask = torch.ones(count, count).tril().bool()
    if window is not None:
        mask &= torch.ones(count, count).triu(1 - window).bool()
    with torch.no_grad():
        return model(input_ids=torch.tensor([row]), attention_mask=mask[None, None]).logits[0]


def places(line: TreeRow, packed: dict) -> dict[int, int]:
    """Node of the tree -> its place in the packed line: found by following every row's path."""
    at: dict[int, int] = {}
    starts, ends = packed["tree_cu_seqlens_k"][:-1].tolist(), packed["tree_cu_seqlens_k"][1:].tolist()
    paths = [packed["tree_kv_index"][start:end].tolist() for start, end in zip(starts, ends, strict=True)]
    for nodes in line.sample_nodes:
        tokens = [line.tokens[node] for node in nodes]
        [path] = [p for p in paths if packed["input_ids"][p].tolist() == tokens]
        at |= dict(zip(nodes, path, strict=True))
    return at


def test_a_soft_cap_is_refused():
    with pytest.raises(NotImplementedError, match="soft cap"):
        q = torch.zeros(1, 1, 1, 4)
        ones = torch.tensor([0, 1])
        tree_attention.tree_attention(
            torch.nn.Module(), q, q, q, None, tree_kv_index=torch.tensor([0]), tree_cu_seqlens_q=ones,
            tree_cu_seqlens_k=ones, softcap=30.0,
        )  # fmt: skip

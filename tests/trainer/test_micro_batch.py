"""Lean micro-batches: which rows and columns are left, where padding went, and how chunks are cut. No TRL in here."""

import torch
from deskcheck_trainer.backends.micro_batch import live_rows, micro_batches
from hypothesis import example, given, settings
from hypothesis import strategies as st

PAD = 99


def batch_of(rows: list[tuple[int, int, float, bool]]) -> dict[str, torch.Tensor]:
    """TRL's layout (prompts left-padded, completions right-padded) of (prompt, completion, advantage, masked) rows."""
    width_p, width_c = max(row[0] for row in rows), max(row[1] for row in rows)
    made: dict[str, list] = {
        name: [] for name in ("prompt_ids", "prompt_mask", "completion_ids", "completion_mask", "tool_mask")
    }
    for number, (prompt, completion, _, masked) in enumerate(rows):
        made["prompt_ids"].append([PAD] * (width_p - prompt) + [1000 * number + k for k in range(prompt)])
        made["prompt_mask"].append([0] * (width_p - prompt) + [1] * prompt)
        made["completion_ids"].append(
            [1000 * number + 500 + k for k in range(completion)] + [PAD] * (width_c - completion)
        )
        made["completion_mask"].append([1] * completion + [0] * (width_c - completion))
        made["tool_mask"].append([0 if masked else 1] * completion + [1] * (width_c - completion))
    tensors = {name: torch.tensor(values) for name, values in made.items()}
    advantages = torch.tensor([row[2] for row in rows], dtype=torch.float32)
    return {**tensors, "advantages": advantages, "num_items_in_batch": torch.tensor(7)}


ROWS = st.lists(
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([0.0, 1.5, -0.5]), st.booleans()),
    min_size=4,
    max_size=16,
)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from([1, 2, 4]))
@example([(1, 1, 1.5, False)] * 3 + [(1, 4, 1.5, False)], 4)  # all alive, and one as long as the others together
def test_every_live_row_is_there_once_with_its_tokens_in_order(rows, count):
    batch = batch_of(rows)
    live = [number for number, row in enumerate(rows) if row[2] and not row[3]]
    assert torch.nonzero(live_rows(batch)).flatten().tolist() == live
    found = {}
    for chunk in micro_batches(batch, count, loss_type="dr_grpo", pad_id=PAD):
        ids = torch.cat([chunk["prompt_ids"], chunk["completion_ids"]], dim=1).tolist()
        for row, trained, advantage in zip(ids, chunk["tool_mask"].tolist(), chunk["advantages"].tolist(), strict=True):
            tokens = [token for token in row if token != PAD]
            number = tokens[0] // 1000
            assert tokens == [1000 * number + k for k in range(rows[number][0])] + [
                1000 * number + 500 + k for k in range(rows[number][1])
            ]
            assert row == tokens + [PAD] * (len(row) - len(tokens))
            trains = [token for token, flag in zip(row[-len(trained) :], trained, strict=True) if flag]
            assert trains == ([] if rows[number][3] else tokens[rows[number][0] :])
            if number in live:
                assert number not in found and advantage == rows[number][2]
                found[number] = True
            else:
                assert not any(trained) or advantage == 0  # the spare row of an empty chunk
    assert sorted(found) == live


def test_chunks_have_about_equal_tokens_and_little_padding():
    torch.manual_seed(0)
    lengths = torch.randint(5, 60, (64, 2)).tolist()
    batch = batch_of([(prompt, completion, 1.0, False) for prompt, completion in lengths])
    chunks = micro_batches(batch, 4, loss_type="dapo", pad_id=PAD)
    sizes = [chunk["prompt_ids"].numel() + chunk["completion_ids"].numel() for chunk in chunks]
    real = sum(map(sum, lengths))
    assert max(sizes) < 1.3 * sum(sizes) / 4
    assert sum(sizes) < 1.3 * real < batch["prompt_ids"].numel() + batch["completion_ids"].numel()


def test_row_share_restores_the_divisor_of_per_row_losses_alone():
    batch = batch_of([(3, 3, 1.0, False)] * 2 + [(3, 3, 0.0, False)] * 6)
    assert [c["row_share"] for c in micro_batches(batch, 2, loss_type="dr_grpo", pad_id=PAD)] == [0.25, 0.25]
    assert [c["row_share"] for c in micro_batches(batch, 2, loss_type="dapo", pad_id=PAD)] == [1.0, 1.0]
    assert all(c["num_items_in_batch"] == 7 for c in micro_batches(batch, 2, loss_type="dapo", pad_id=PAD))


def test_a_batch_without_any_gradient_still_gives_every_chunk_a_row():
    batch = batch_of([(3, 3, 0.0, False), (2, 2, 1.0, True), (4, 4, 0.0, True), (5, 1, 0.0, False)])
    chunks = micro_batches(batch, 2, loss_type="dr_grpo", pad_id=PAD)
    assert [len(chunk["advantages"]) for chunk in chunks] == [1, 1]
    assert all(not (chunk["tool_mask"] * chunk["advantages"][:, None]).any() for chunk in chunks)

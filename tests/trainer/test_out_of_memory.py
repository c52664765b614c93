"""Running out of memory ends RL with what to make smaller; any other fault stays what it is."""

import pytest
import torch
from deskcheck_conf.entry import load_config
from deskcheck_conf.errors import ConfigError
from deskcheck_trainer.out_of_memory import is_out_of_memory, memory_told
from deskcheck_trainer.rl import memory_cures
from deskcheck_trainer.rl_config import RLConfig


def test_memory_that_is_not_there_is_told_with_what_to_make_smaller():
    with (
        pytest.raises(ConfigError, match=r"out of memory \(.*\). In this order: a smaller batch"),
        memory_told("a smaller batch"),
    ):
        torch.empty(1 << 60, dtype=torch.int8)
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA: tried to allocate 2 GiB"))


def test_other_faults_pass():
    with pytest.raises(RuntimeError, match="shapes"), memory_told("nothing"):
        raise RuntimeError("shapes do not fit")


def test_the_cures_are_keys_of_the_backend_in_use():
    cures = memory_cures(load_config("rl", RLConfig, ["micro_batch_rows=4"]))
    assert "micro_batch_rows (now 4)" in cures and "async_" not in cures
    assert "async_.tokens_per_pass (now 4096)" in memory_cures(load_config("rl", RLConfig, ["backend=trl_async"]))
    load_config("rl", RLConfig, ["+algo.trl.activation_checkpointing=true", "lora.r=16", "model.dtype=bfloat16"])

"""What decides that rows are of one run: models and data do, speed, places and the open choices do not."""

import pytest
from deskcheck_conf import load_config
from deskcheck_evals.config import EvalConfig
from deskcheck_evals.header import header_of
from deskcheck_evals.samplers import Samplers

OPENAI = ["sampler=openai", "sampler.model.path=m"]


def config_key(*words: str, keys: tuple[str, ...] = ("a",)) -> str:
    return header_of(load_config("eval", EvalConfig, [*OPENAI, *words]), keys)["config"]


@pytest.mark.parametrize(
    "words",
    [
        ["ties=first"], ["capped=last"], ["length_unit=characters"], ["no_public_tests=leave_out"], ["resamples=7"],
        ["max_unscored=0"], ["sampler.batch_size=3"], ["sampler.timeout_s=3.5"], ["sampler.cache=x"], ["shard=1/2"],
        ["shards=2"], ["run_name=other"], ["output_root=other"], ["wandb=disabled"],
    ],
    ids=str,
)  # fmt: skip
def test_what_decides_no_row(words):
    assert config_key(*words) == config_key()


@pytest.mark.parametrize(
    "words",
    [
        ["seed=1"], ["sampling.temperature=0.3"], ["candidates=7"], ["predictions=7"], ["sampler.model.path=n"], ["limit=2"],
        ["simulator.model.path=n"], ["prompts=few_shot"], ["sampler.base_url=http://b/v1"], ["sampler.model.revision=r"],
    ],
    ids=str,
)  # fmt: skip
def test_what_decides_rows(words):
    assert config_key(*words) != config_key()


def test_the_data_decides_and_stands_in_the_header():
    config = load_config("eval", EvalConfig, OPENAI)
    one, two = (header_of(config, keys) for keys in (["a", "b"], ["a", "c"]))
    assert one["data"] != two["data"] and one["config"] != two["config"] and one["rows"] == 2


def test_a_named_revision_may_move_to_other_servers():
    named = ["sampler.model.revision=r"]
    moved = [*named, "sampler.base_url=[http://b/v1,http://c/v1]"]
    assert config_key(*moved) == config_key(*named)
    config = load_config("eval", EvalConfig, [*OPENAI, *moved])
    assert config.simulator.base_urls == config.sampler.base_urls == ["http://b/v1", "http://c/v1"]


def test_requests_that_moved_are_counted_over_all_samplers(tmp_path):
    config = load_config("eval", EvalConfig, [*OPENAI, "sampler.base_url=[http://b/v1,http://c/v1]"])
    samplers = Samplers(tmp_path)
    first, again = (samplers.get(config.sampler, config.benchmark, None, 0) for _ in "ab")
    assert first is again and samplers.moved() == {}
    first.inner.servers[1].moved = 3
    assert samplers.moved() == {"http://c/v1": 3}

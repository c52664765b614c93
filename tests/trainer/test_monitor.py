"""What a run tells: rates of the part they are of, samples to read, and a stop when the sandbox is broken."""

import json
from types import SimpleNamespace

import pytest
from deskcheck_conf.errors import ConfigError
from deskcheck_trainer.monitor import Monitor, averages
from deskcheck_trainer.rollout import Rollout, RolloutGroup, Seconds, Task, Turn

TURN = Turn("solve", [{"role": "user", "content": "ask"}], (1,), (2, 3), text="answer")


def rollout(reward, drop=None, **metrics) -> Rollout:
    return Rollout("t", "self_rlef", (TURN,), reward, metrics, drop)


def group(*rollouts: Rollout) -> RolloutGroup:
    return RolloutGroup(Task("self_rlef", SimpleNamespace(id="t")), rollouts)


def test_a_rate_is_over_the_rollouts_it_speaks_of():
    told = averages([rollout(1.0, fix_rate=1.0), rollout(-1.0, fix_rate=0.0), rollout(1.0), rollout(None)])
    assert told["self_rlef/fix_rate"] == 0.5
    assert told["self_rlef/reward"] == pytest.approx(1 / 3)
    assert told["self_rlef/unscorable"] == 0.25


def test_a_step_is_summed_up_once(tmp_path):
    monitor = Monitor(tmp_path, 0.05)
    monitor.step = 7
    groups = [group(rollout(1.0), rollout(1.0)), group(rollout(1.0), rollout(-1.0, drop="gibberish"), rollout(-1.0))]
    monitor.watch(groups, Seconds(4.0, 2.0))
    told = monitor.take()
    assert (told["zero_advantage_share"], told["sampled_tokens"], told["sampled_tokens_per_s"]) == (0.5, 10, 5.0)
    assert (told["self_rlef/dropped"], told["self_rlef/dropped_gibberish"]) == (0.2, 1.0)
    assert monitor.take() == {}
    [sample] = [json.loads(line) for line in (tmp_path / "samples.jsonl").read_text().splitlines()]
    assert sample["step"] == 7 and sample["turns"] == [{"role": "solve", "prompt": "ask", "answer": "answer"}]


def test_a_dropped_rollout_does_not_make_a_group_teach(tmp_path):
    monitor = Monitor(tmp_path, 0.05)
    monitor.watch([group(rollout(1.0), rollout(1.0), rollout(-1.0, drop="overlong"))], Seconds(1.0, 1.0))
    assert monitor.take()["zero_advantage_share"] == 1.0


def test_a_broken_sandbox_stops_the_run(tmp_path):
    monitor = Monitor(tmp_path, max_faults=0.05)
    for _ in range(25):
        monitor.watch([group(rollout(None), rollout(None), rollout(1.0))], Seconds(1.0, 1.0))
    with pytest.raises(ConfigError, match=r"51 of the last 76 rollouts could not be scored .* max_sandbox_faults=0.05"):
        monitor.watch([group(rollout(None))], Seconds(1.0, 1.0))


def test_faults_long_past_do_not_count(tmp_path):
    monitor = Monitor(tmp_path, max_faults=0.05)
    for _ in range(3):
        monitor.watch([group(*[rollout(None)] * 40), group(*[rollout(1.0)] * 1000)], Seconds(1.0, 1.0))


def test_no_fault_at_all_may_be_asked_for(tmp_path):
    with pytest.raises(ConfigError, match="1 of the last 2"):
        Monitor(tmp_path, max_faults=0.0).watch([group(rollout(None), rollout(1.0))], Seconds(1.0, 1.0))

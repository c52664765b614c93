#!/usr/bin/env bash
# The micro experiment: the paper's chain of claims at micro scale, over seeds: `examples/micro.sh 0 1 2`. About two
# hours a seed on two CPU cores. Like the demo, every stage is a command of its own
# that continues where it was stopped and is skipped when it is done.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || { echo "usage: examples/micro.sh SEED..." >&2; exit 2; }
out=outputs
source examples/stages.sh

eval_of() { # eval_of EXPERIMENT RUN SEED NAME OVERRIDE...: measure the model of a training run
    local experiment=$1 run=$2 seed=$3 name=$4
    shift 4
    deskcheck-eval experiment="eval/$experiment" seed="$seed" run_name="$name" \
        sampler.model.path="$out/$run-s$seed/checkpoint" "$@"
}

stage "record and narrate programs" deskcheck-collect experiment=collect/micro
for seed in "$@"; do
    beside "sft-micro-bare-s$seed" deskcheck-sft experiment=sft/micro-bare seed="$seed"
    stage "seed $seed: SFT with narrations" on_one_core deskcheck-sft experiment=sft/micro seed="$seed"
    join_stage "seed $seed: SFT with bare outputs, equal tokens"
    beside "sft-micro-bare-programs-s$seed" deskcheck-sft experiment=sft/micro-bare-programs seed="$seed"
    stage "seed $seed: RL" \
        on_one_core deskcheck-rl experiment=rl/micro-self-rlef seed="$seed" ${jail[@]+"${jail[@]}"}
    join_stage "seed $seed: SFT with bare outputs, equal programs"
    for run in sft-micro-bare-programs sft-micro-bare sft-micro rl-micro-self-rlef; do
        stage "seed $seed: predict outputs, $run" eval_of micro-predict "$run" "$seed" "predict-$run"
    done
    for run in rl-micro-self-rlef sft-micro; do
        stage "seed $seed: self-verify, $run" eval_of micro-verify "$run" "$seed" "verify-$run" ${jail[@]+"${jail[@]}"}
    done
    stage "seed $seed: the simulator after RL looks at the programs of the model before it" \
        eval_of micro-verify rl-micro-self-rlef "$seed" verify-sft-by-rl \
        candidates_from="$out/verify-sft-micro-s$seed" ${jail[@]+"${jail[@]}"}
    for feedback in none executed simulated; do
        stage "seed $seed: self-fix, feedback $feedback" \
            eval_of micro-fix rl-micro-self-rlef "$seed" "fix-rl-micro-self-rlef-$feedback" \
            feedback="$feedback" ${jail[@]+"${jail[@]}"}
    done
    for feedback in executed simulated; do
        stage "seed $seed: self-fix, at most 3 turns, feedback $feedback" \
            eval_of micro-fix rl-micro-self-rlef "$seed" "fix-3-turns-$feedback" \
            feedback="$feedback" max_turns=3 ${jail[@]+"${jail[@]}"}
    done
    stage "seed $seed: self-fix before RL" \
        eval_of micro-fix sft-micro "$seed" fix-sft-micro-simulated feedback=simulated ${jail[@]+"${jail[@]}"}
done
deskcheck-report experiment=report/micro

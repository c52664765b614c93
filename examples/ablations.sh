#!/usr/bin/env bash
# What matters in RL, at micro scale: the environment, joint training, feedback executed or simulated, credit. From one SFT
# model (examples/micro.sh 0 or deskcheck-sft experiment=sft/micro makes it), every arm over RL seeds:
# `examples/ablations.sh 0 1 2`. Like the demo, every stage continues where it was stopped and is skipped when it is
# done. ARMS="solve joint" takes some arms only, so that several terminals can share the work.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || { echo "usage: examples/ablations.sh SEED..." >&2; exit 2; }
out=outputs
source examples/stages.sh

declare -A arms=(
    [prediction]="env=output_prediction"
    [solve]="env=solve"
    [joint]="env=solve_and_prediction"
    [self-rlef]=""
    [simulated]="env.self_rlef.feedback=simulated env.self_rlef.predictions=1"
    [last-turn]="algo.credit=last_turn"
    [discounted]="algo.credit=discounted algo.discount=0.5"
)

measure() { # measure NAME SEED CHECKPOINT: outputs predicted, and problems solved with two sources of feedback
    local ask=(deskcheck-eval experiment=eval/ablation seed="$2" sampler.model.path="$3" ${jail[@]+"${jail[@]}"})
    on_one_core "${ask[@]}" task=output_prediction run_name="ablation-predict-$1"
    on_one_core "${ask[@]}" task=self_fix feedback=executed run_name="ablation-executed-$1"
    on_one_core "${ask[@]}" task=self_fix feedback=simulated run_name="ablation-simulated-$1"
}

for seed in "$@"; do
    stage "seed $seed: before RL" measure before "$seed" "$out/sft-micro-s0/checkpoint"
    for arm in ${ARMS:-prediction solve joint self-rlef simulated last-turn discounted}; do
        run=rl-ablation-$arm
        # shellcheck disable=SC2086  # overrides are words
        stage "seed $seed: RL, $arm" on_one_core deskcheck-rl experiment=rl/ablation \
            seed="$seed" run_name="$run" ${arms[$arm]} ${jail[@]+"${jail[@]}"}
        stage "seed $seed: measure $arm" measure "$arm" "$seed" "$out/$run-s$seed/checkpoint"
    done
done
[ -n "${ARMS:-}" ] || deskcheck-report experiment=report/ablations

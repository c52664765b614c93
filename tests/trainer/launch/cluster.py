"""A cluster of one machine: sbatch, srun and scontrol that do here what SLURM does, and a vLLM that only says it is up.

Scripted twins of the programs, put on PATH by the fixture `cluster`; what they were asked is in asked.log.
"""

import sys
from pathlib import Path

SBATCH = """#!/bin/bash
# sbatch [--parsable] [--wait] SCRIPT: run it at once, as on two nodes; --wait hands its exit code on
echo "sbatch $*" >> "$CLUSTER/asked.log"
script=${@: -1}
grep -q '^#SBATCH --partition=closed' "$script" && { echo "sbatch: error: invalid partition specified: closed" >&2; exit 1; }
echo "4711;cluster"
export SLURM_JOB_ID=4711 SLURM_JOB_NODELIST="localhost,127.0.0.1"
if [[ " $* " == *" --wait "* ]]; then
    bash "$script" > "$CLUSTER/job.log" 2>&1; exit $?
fi
setsid bash "$script" > "$CLUSTER/job.log" 2>&1 &
"""
SRUN = """#!/bin/bash
# srun FLAGS COMMAND: run the command here; told to stop, it takes the command along
echo "srun $*" >> "$CLUSTER/asked.log"
while [[ $1 == --* ]]; do shift; done
export SLURM_NODEID=0
trap 'kill "$child" 2>/dev/null; wait "$child"; exit 143' TERM
"$@" & child=$!
wait "$child"
"""
SCONTROL = """#!/bin/bash
# scontrol show hostnames LIST
echo "${3//,/$'\\n'}"
"""
VLLM = f"""#!{sys.executable}
# vllm serve MODEL --host H --port P ...: answers /health, ends after $VLLM_LIVES seconds
import http.server, os, sys, threading
port = int(sys.argv[sys.argv.index("--port") + 1])
lives = float(os.environ.get("VLLM_LIVES", "60"))
if lives == 0:
    sys.exit("no GPU")
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), type("Up", (http.server.BaseHTTPRequestHandler,), {{
    "do_GET": lambda self: (self.send_response(200), self.end_headers()), "log_message": lambda *_: None}}))
threading.Timer(lives, lambda: os._exit(9)).start()
open(os.environ["CLUSTER"] + "/vllm.pid", "w").write(str(os.getpid()))
server.serve_forever()
"""


def install(folder: Path) -> Path:
    """Write the programs into `folder`/bin; returns that folder."""
    programs = folder / "bin"
    programs.mkdir()
    for name, text in {"sbatch": SBATCH, "srun": SRUN, "scontrol": SCONTROL, "vllm": VLLM}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return programs

"""What an import may cost. Counted in modules, which do not depend on the machine or on what else it does; seconds, as
multiples of a bare interpreter's start, are measured by the slow test at the end and written to docs/proof/.
"""

import statistics
import subprocess
import sys
import time

import pytest

from tools.release.members import members

HEAVY = {"torch", "transformers", "trl", "peft", "accelerate", "datasets", "vllm", "ray", "wandb", "lm_eval"}
"""No command may load these before it has read its configuration: a mistake in it is told at once."""
SLOW = HEAVY | {"numpy", "matplotlib", "pandas", "pyarrow", "tokenizers", "openai", "hypothesis", "pytest", "IPython"}
"""No package may load these by being imported."""
MODULES = {"tracer": 60, "micro": 60, "agent": 60, "evals": 20, "trainer": 20, "conf": 600}
"""How many modules `import deskcheck_x` may load, the standard library's included; conf brings Hydra."""
STARTS = {"tracer": 8, "micro": 8, "agent": 8, "evals": 3, "trainer": 3, "conf": 60}
"""How long it may take, in starts of a bare interpreter (`python -I -c pass`), which are part of it."""
COMMANDS = {
    command: target.partition(":")[0]
    for member in members().values()
    for command, target in member.project.get("scripts", {}).items()
}


def loaded_by(module: str) -> set[str]:
    """The modules that a fresh interpreter has after `import module`, less those it started with."""
    source = f"import sys; before = set(sys.modules); import {module}; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def top(modules: set[str]) -> set[str]:
    return {name.split(".")[0] for name in modules}


@pytest.mark.parametrize("member", members())
def test_importing_a_package_loads_little(member: str) -> None:
    loaded = loaded_by(members()[member].module)
    assert members()[member].module in loaded
    assert top(loaded) & SLOW == set()
    assert len(loaded) <= MODULES[member]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_reads_its_configuration_before_it_loads_anything_heavy(command: str) -> None:
    assert top(loaded_by(COMMANDS[command])) & HEAVY == set()


def seconds(source: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-c", source], check=True)
    return time.perf_counter() - started


@pytest.mark.slow
@pytest.mark.parametrize("member", members())
def test_importing_a_package_takes_a_few_starts_of_the_interpreter(member: str) -> None:
    """Pairs measured one after the other, so that other work on the machine slows both; the median of their ratios."""
    module = members()[member].module
    seconds(f"import {module}")  # compiled files
    ratios = [seconds(f"import {module}") / seconds("pass") for _ in range(15)]
    print(f"\nimport {module}: {statistics.median(ratios):.1f} starts of a bare interpreter, budget {STARTS[member]}")
    assert statistics.median(ratios) <= STARTS[member]

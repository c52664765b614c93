"""Importing the package is cheap, its names resolve, and `simulate` stays the function."""

import subprocess
import sys

import deskcheck_agent
import pytest


@pytest.mark.parametrize("name", deskcheck_agent.__all__)
def test_every_public_name_resolves(name):
    assert getattr(deskcheck_agent, name).__module__.startswith("deskcheck_agent")


def test_simulate_is_the_function_even_after_its_module_was_imported():
    import deskcheck_agent.simulate

    assert callable(deskcheck_agent.simulate)


def test_nothing_heavy_is_imported_before_it_is_used():
    code = (
        "import sys, deskcheck_agent\n"
        "from deskcheck_agent import self_fix, self_verify, simulate, make_sampler, Prompts, GatheringSampler\n"
        "heavy = {'torch', 'transformers', 'openai', 'vllm', 'wandb', 'trl', 'numpy'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

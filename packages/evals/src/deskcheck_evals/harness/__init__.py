"""No-regression benchmarks by lm-evaluation-harness: its tasks, prompts and models; programs run in our sandbox."""

"""RL environments: each plays one task with the agent's own prompts, parsers and loop, and scores it with the judge."""

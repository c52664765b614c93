"""Tasks, rewards and rollouts for trainers that scale further than ours: verl, and prime-rl by way of verifiers."""

"""What is measured: output prediction, self-verification pools, self-fixing trajectories. One file each."""

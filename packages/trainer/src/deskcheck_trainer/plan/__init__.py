"""Memory and time of a training run, reckoned before it is started."""

"""Starting a training run elsewhere than in the command's own process, and planning it."""

"""Other methods of latents. They run in the environment of `--peer-python`, without our package."""

"""World as a modality: latents of what is seen, a Prophet of their future, and its gated way into a policy's action path."""

"""How large an effect is, and how trials failed."""

"""YAML 1.2 text to nodes with values and stretches of text, over libyaml's events."""

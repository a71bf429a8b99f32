"""Pure: YAML -> plan -> rules. Never imports torch, mujoco or the heavy code of a stage."""

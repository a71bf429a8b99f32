"""Why a node is built: old value to new, down to the line of the spec that began it."""

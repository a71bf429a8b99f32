"""What the store holds, as the compiler asks it: facts, index, damage, removal."""

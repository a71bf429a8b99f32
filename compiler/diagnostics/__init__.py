"""What is wrong, where, and what to do: one value, its codes and their pages."""

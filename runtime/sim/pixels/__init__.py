"""What cameras see: rays on robot and objects, composited with a backdrop."""

"""A graph and a listing of the store to what is missing, and what that takes."""

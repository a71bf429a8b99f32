"""Effects live here: stages, store, back ends and the field code. Never imports the compiler."""

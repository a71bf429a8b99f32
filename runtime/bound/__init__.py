"""Models of the values that specs bind to stages; light, shared with the compiler."""

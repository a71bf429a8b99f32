"""Put one thing on top of another."""

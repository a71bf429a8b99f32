"""Press a button on the table."""

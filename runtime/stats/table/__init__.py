"""The table of trials: outcomes by cell, pairing, what runs twice alike."""

"""Bands of rates, uplift and gaps over training runs."""

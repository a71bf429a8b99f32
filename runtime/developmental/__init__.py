"""Parts of an agent that learns by playing: curiosity, slots, a prior that yields, memory that lasts, grounded words.

The names are those of the NSCA plan (docs/nsca.md); the methods are the published ones that each file cites.
"""

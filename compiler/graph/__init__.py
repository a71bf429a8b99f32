"""A study to nodes with addresses: what each stands for, reads, and is made with."""

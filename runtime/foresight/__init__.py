"""Video models that others made, which say what will be seen next: in a process of their own, files in and out."""

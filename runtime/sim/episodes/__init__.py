"""Demos and their variants: the scripted expert's episodes, drawn again under other looks, and checked."""

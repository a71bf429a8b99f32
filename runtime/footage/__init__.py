"""Videos that people brought: which are drawn of a folder, their digest, their frames; Physion's stimuli and outcomes."""

"""What happened in a run, and why: its frames layer by layer, the chains of causes, captures."""

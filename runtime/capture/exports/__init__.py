"""Camera poses as apps export them, each brought to what a `transforms.json` would say. Standard library only."""

"""What `report.json` holds, section by section; light, shared with the compiler."""

"""What each section of the report says and draws, and its rows."""

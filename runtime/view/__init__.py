"""What `simkiln view` shows of a place: its splat packed for a browser, and lines and views in the scene's own axes."""

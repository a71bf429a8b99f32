"""A study's graph as a picture: nodes to boxes, boxes to places, places to SVG."""

"""Camera paths over a scene and the clips that are rendered along them."""

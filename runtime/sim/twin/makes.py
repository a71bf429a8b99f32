"""The files of a twin, whichever stage publishes it; light, for the registry."""

MAKES = {
    "scene": "scene.xml",
    "twin": "twin.json",
    "background": "background/",
    "preview": "preview.png",
    "haze": "haze.npy",
    "collision": "collision/",
    "splat?": "splat.ply",
    "overlay?": "overlay.png",
    "assets?": "assets/",
    "cleared?": "cleared.png",
    "robot?": "robot.json",
    "model?": "robot.xml",
    "meshes?": "robot/",
    "inventory": "inventory.json",
}
"""Name -> path in the artifact."""

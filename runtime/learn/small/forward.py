"""The small policy's forward pass in numpy: an evaluation job then needs no torch, whose import costs 3 s of CPU.

The same numbers as `network.SmallNet`, which a test holds to 1e-5.
"""

import numpy as np

Weights = dict[str, np.ndarray]


def look(weights: Weights, images: list[np.ndarray]) -> list[np.ndarray]:
    """Normalised images [N, H, W, 3] (one per camera) -> keypoints of each [N, 2 * K]."""
    return [keypoints(weights, f"net.eyes.{i}.", image) for i, image in enumerate(images)]


def plan(weights: Weights, seen: list[np.ndarray], state: np.ndarray) -> np.ndarray:
    """Keypoints of each camera [N, (n *) 2 * K] and state [N, (n *) D] -> normalised actions [N, chunk * A], flat."""
    x = np.concatenate([*seen, state], axis=1)
    for layer in (0, 2):
        x = np.maximum(_linear(x, weights, f"net.plan.{layer}"), 0)
    return _linear(x, weights, "net.plan.4")


def keypoints(weights: Weights, prefix: str, image: np.ndarray) -> np.ndarray:
    """Image [N, H, W, 3] -> keypoint positions [N, 2 * K] in -1..1; see `network.Keypoints`."""
    x = image
    for name, stride in (("conv1", 2), ("conv2", 2), ("conv3", 1)):
        x = np.maximum(_convolve(x, weights[f"{prefix}{name}.weight"], weights[f"{prefix}{name}.bias"], stride), 0)
    n, h, w, _ = x.shape
    logits = _convolve(x, weights[f"{prefix}maps.weight"], weights[f"{prefix}maps.bias"], 1).reshape(n, h * w, -1)
    logits = logits * np.exp(weights[f"{prefix}log_sharpness"])[:, 0]
    soft = np.exp(logits - logits.max(axis=1, keepdims=True))
    soft /= soft.sum(axis=1, keepdims=True)  # [N, h * w, K]
    ys, xs = np.linspace(-1, 1, h, dtype=np.float32).repeat(w), np.tile(np.linspace(-1, 1, w, dtype=np.float32), h)
    return (soft.transpose(0, 2, 1) @ np.stack([xs, ys], axis=1)).reshape(n, -1)


def _convolve(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int) -> np.ndarray:
    # [N, H, W, C] * [O, C, k, k] -> [N, H / stride, W / stride, O], padded by half the kernel; gather, then one product
    out, _, k, _ = weight.shape
    padded = np.pad(x, ((0, 0), (k // 2, k // 2), (k // 2, k // 2), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (k, k), axis=(1, 2))  # ty: ignore[no-matching-overload]
    patches = windows[:, ::stride, ::stride]
    n, h, w = patches.shape[:3]
    return (patches.reshape(n * h * w, -1) @ weight.reshape(out, -1).T + bias).reshape(n, h, w, out)


def _linear(x: np.ndarray, weights: Weights, name: str) -> np.ndarray:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

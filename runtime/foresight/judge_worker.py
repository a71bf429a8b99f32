"""Runs where transformers (and LeRobot) is installed: loads a judge from a folder, and scores films. Needs nothing of ours.

    PYTHON judge_worker.py ROOM

ROOM holds `asked.json` and `films.npy`; what comes of it are `said.npz` and `answer.json`. Nothing is downloaded, and no code
that lies among weights is run.
"""

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

QUESTION = (
    "These pictures, in the order of time, show a robot arm that was told: {instruction} Did it do so by the last picture? "
    "Answer with one word, Yes or No."
)
TOP = "observation.images.top"
One = Callable[[np.ndarray, str], tuple[float, bool | None]]
"""A film u8 [T, H, W, 3] and the task in words -> a score in 0..1, and perhaps whether it is done in the model's own words."""


def vlm(folder: Path, device: str) -> One:
    """Any model that is shown pictures and answers: how much likelier Yes is than No as the first word of its answer."""
    torch, hub, image = map(import_module, ("torch", "transformers", "PIL.Image"))
    kept = {"local_files_only": True}
    processor = hub.AutoProcessor.from_pretrained(folder, **kept)
    model = hub.AutoModelForImageTextToText.from_pretrained(folder, dtype=_dtype(device), **kept).to(device).eval()
    yes, no = (processor.tokenizer(word, add_special_tokens=False).input_ids[0] for word in ("Yes", "No"))
    if yes == no:
        raise ValueError("its tokenizer has one token for the beginnings of Yes and No")

    def one(film: np.ndarray, instruction: str) -> tuple[float, bool]:
        content = [{"type": "image", "image": image.fromarray(picture)} for picture in film]
        content.append({"type": "text", "text": QUESTION.format(instruction=instruction)})
        how = {"add_generation_prompt": True, "tokenize": True, "return_dict": True, "return_tensors": "pt"}
        told = processor.apply_chat_template([{"role": "user", "content": content}], **how).to(device)
        with torch.no_grad():
            logits = model(**told).logits[0, -1].float()
            answer = model.generate(**told, max_new_tokens=4, do_sample=False)[0, told["input_ids"].shape[1] :]
        words = processor.tokenizer.decode(answer, skip_special_tokens=True).strip().lower()
        return float(torch.sigmoid(logits[yes] - logits[no])), words.startswith("yes")

    return one


def topreward(folder: Path, device: str) -> One:
    """LeRobot's TOPReward on a folder of Qwen3-VL: how likely it holds the film to be one of the task done."""
    rewards: Any = import_module("lerobot.rewards.factory")
    dtype = str(_dtype(device)).removeprefix("torch.")
    config = rewards.make_reward_model_config(
        "topreward", vlm_name=str(folder), device=device, max_frames=None, torch_dtype=dtype, image_key=TOP
    )
    model, (before, _) = rewards.make_reward_model(config), rewards.make_reward_pre_post_processors(config)
    return lambda film, instruction: (float(model.compute_reward(before(_video(film, instruction))).exp()), None)


def robometer(folder: Path, device: str) -> One:
    """LeRobot's Robometer: progress at the last picture; its own word is what its head for success says. The processor of its
    Qwen3-VL lies in `processor`."""
    rewards: Any = import_module("lerobot.rewards.factory")
    config = _config(folder, device)
    config.base_model_id, config.max_frames, config.torch_dtype = str(folder / "processor"), None, str(_dtype(device))[6:]
    config.image_key = TOP
    model, (before, _) = _loaded(folder, config), rewards.make_reward_pre_post_processors(config)

    def one(film: np.ndarray, instruction: str) -> tuple[float, bool]:
        batch, found = before(_video(film, instruction)), []
        for config.reward_output in ("progress", "success"):
            found.append(float(model.compute_reward(batch)))
        return found[0], found[1] > 0.5

    return one


def reward_classifier(folder: Path, device: str) -> One:
    """LeRobot's reward classifier of one camera: the most that it gives three pictures in a row, for what was done stays done.

    Its encoder, as transformers saves one, lies in `encoder`; pictures are 0 to 1 where no `classifier_preprocessor.json` says
    more.
    """
    torch = import_module("torch")
    config = _config(folder, device)
    config.model_name = str(folder / "encoder")
    cameras = [key for key in config.input_features if key.startswith("observation.image")]
    if len(cameras) != 1 or config.num_classes != 2:
        raise ValueError(
            f"it looks through {len(cameras)} cameras and tells {config.num_classes} classes apart, wanted are 1 and 2"
        )
    model, key = _loaded(folder, config), cameras[0]
    before: Any = None
    if (folder / "classifier_preprocessor.json").is_file():
        pipelines: Any = import_module("lerobot.processor")
        before = pipelines.PolicyProcessorPipeline.from_pretrained(folder, config_filename="classifier_preprocessor.json")

    def one(film: np.ndarray, instruction: str) -> tuple[float, None]:
        pictures = torch.from_numpy(film).permute(0, 3, 1, 2).float().div(255)
        sized = torch.nn.functional.interpolate(pictures, config.input_features[key].shape[1:], mode="bilinear", antialias=True)
        batch = {key: sized.to(device)}
        with torch.no_grad():
            chance = model.predict([(before(batch) if before else batch)[key]]).probabilities.double().cpu().numpy()
        edged = np.pad(chance, 1, "edge")
        return float(((edged[:-2] + edged[1:-1] + edged[2:]) / 3).max()), None

    return one


def _config(folder: Path, device: str) -> Any:
    """What LeRobot saved beside the weights, to be loaded from there."""
    import_module("lerobot.rewards.factory")  # which registers the kinds
    config = import_module("lerobot.configs.rewards").RewardModelConfig.from_pretrained(folder, local_files_only=True)
    config.device, config.pretrained_path = device, str(folder)
    return config


def _loaded(folder: Path, config: Any) -> Any:
    """The model; weights that are missing are an error, which LeRobot only logs."""
    model = import_module("lerobot.rewards.factory").make_reward_model(config)
    file = folder / "model.safetensors"
    missing, _ = import_module("safetensors.torch").load_model(model, file, strict=False, device=config.device)
    if missing:
        raise ValueError(f"its weights lack {len(missing)} of the model's, such as `{sorted(missing)[0]}`")
    return model.eval()


def _video(film: np.ndarray, instruction: str) -> dict[str, Any]:
    return {TOP: import_module("torch").from_numpy(film).permute(0, 3, 1, 2)[None].float().div(255), "task": [instruction]}


def _dtype(device: str) -> Any:
    torch = import_module("torch")
    return torch.bfloat16 if device == "cuda" else torch.float32


MODELS = {one.__name__: one for one in (vlm, topreward, robometer, reward_classifier)}


def run(room: Path) -> dict[str, Any]:
    """Score what lies in the room."""
    worker: Any = import_module("worker")  # beside this file
    said = json.loads((room / "asked.json").read_text())
    folder = Path(sys.prefix) / "weights" / said["model"]
    if not folder.is_dir():
        return {"error": f"no folder `weights/{said['model']}` in its environment"}
    if (found := worker.digest_of(folder)) != said["weights"]:
        return {"weights": found}
    if code := next(folder.rglob("*.py"), None):
        return {"error": f"its folder holds code (`{code.name}`), which is not run: save it as a class of transformers' own"}
    one = MODELS[said["model"]](folder, "cuda" if import_module("torch").cuda.is_available() else "cpu")
    films = np.load(room / "films.npy", allow_pickle=False)
    scores, words = zip(*(one(film, said["instruction"]) for film in films), strict=True)
    text = np.array([], bool) if words[0] is None else np.array(words, bool)
    np.savez(room / "said.npz", score=np.array(scores, np.float64), text=text)
    return {"films": len(films)}


def main() -> None:
    """Answer in a file; libraries print what they like."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
    room = Path(sys.argv[1])
    try:
        answer = run(room)
    except Exception as error:  # whatever a library raises is told to whoever asked
        answer = {"error": f"{type(error).__name__}: {str(error)[:400]}"}
    (room / "answer.json").write_text(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()

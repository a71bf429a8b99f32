"""A stage's code may not change silently: neither burn compute by a refactor nor reuse what is out of date."""

import pytest

from runtime.build.code_digest import code_digest, recorded
from runtime.stage import load_stages


@pytest.mark.parametrize("name", sorted(load_stages()))
def test_code_goes_with_its_version(name: str) -> None:
    entry = recorded().get(name)
    advice = (
        f"if the results change, bump `version` in runtime/stages/{name}.py; then, in both cases, record it with "
        f'`python -m runtime.build.code_digest {name} "why"`'
    )
    assert entry is not None, f"stage `{name}` is not recorded: {advice}"
    assert (entry["version"], entry["digest"]) == (load_stages()[name].version, code_digest(name)), advice


def test_docstrings_do_not_count_and_code_does(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    from runtime.build import code_digest as module

    package = tmp_path / "runtime"
    (package / "stages").mkdir(parents=True)
    path = package / "stages" / "thing.py"
    monkeypatch.setattr(module, "PACKAGE", package)

    def digest(text: str) -> str:
        path.write_text(text)
        module._parsed.cache_clear()
        module._tree.cache_clear()
        return module.code_digest("thing")

    plain = digest('"""Doc."""\nx = 1\n')
    assert digest('"""Other doc."""\nx = 1  # comment\n') == plain
    assert digest('"""Doc."""\nx = 2\n') != plain

"""What is installed: within what Colab ships, from one address, nothing but the package."""

import ast
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import colab_helpers
from course import NOTEBOOKS, ROOT, address, repository

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINS = sorted((ROOT / "tests").glob("colab-pins-*.txt"))
SNAPSHOTS = sorted(
    (ROOT.parent / "shared" / "colab").glob("pip-freeze-*.txt")
)  # whole runtimes, where at hand

# Excluded for whoever lets pip choose. Older runtimes ship it, and the setup cell leaves it there.
LEFT_ALONE = {("PyDrive2", "1.21.3")}
# ipython wants it; Colab ships ipython without it, and the setup cell installs no dependencies.
NOT_IN_COLAB = {"jedi"}
SAFE_CRYPTOGRAPHY = Version("44")  # earlier ones have known holes


def requirements(path):
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def versions(path):
    pairs = re.findall(r"^([\w.-]+)==([\w.]+)", path.read_text(), re.M)
    return {canonicalize_name(name): version for name, version in pairs}


@pytest.mark.parametrize("runtime", [*PINS, *SNAPSHOTS], ids=lambda path: path.name)
def test_colab_ships_what_is_required(runtime):
    """Each requirement is met by what Colab ships: nothing is installed or moved there."""
    shipped = versions(runtime)
    unmet = []
    for requirement in requirements(ROOT / "requirements.txt"):
        version = shipped.get(canonicalize_name(requirement.name), "")
        if version not in requirement.specifier and (requirement.name, version) not in LEFT_ALONE:
            unmet.append(f"{requirement} (Colab: {version})")
    assert not unmet


@pytest.mark.parametrize("pins", PINS, ids=lambda path: path.name)
def test_pins_are_copied_from_a_runtime(pins):
    """The small tables of Colab's versions say what the whole runtime of that month says."""
    whole = ROOT.parent / "shared" / "colab" / pins.name.replace("colab-pins", "pip-freeze")
    if not whole.exists():
        pytest.skip(f"the list of Colab's whole runtime, {whole.name}, is not on this machine")
    assert versions(pins).items() <= versions(whole).items()


def test_this_environment_meets_the_requirements():
    """The tests run with versions that a user may have."""
    for requirement in requirements(ROOT / "requirements.txt"):
        assert importlib.metadata.version(requirement.name) in requirement.specifier, requirement


def resolve(*arguments):
    """{name: version} of all that would be installed for the requirements on a fresh machine."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--no-header", "--no-annotate"]
    answer = subprocess.run(
        [*command, "--quiet", "--python-platform", "linux", *arguments, ROOT / "requirements.txt"],
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    lines = [line for line in answer.stdout.splitlines() if "==" in line]
    return {canonicalize_name(name): version for name, version in (x.split("==") for x in lines)}


@pytest.mark.slow
def test_beside_colab_nothing_is_added_or_moved():
    """All that the requirements lead to is in Colab's runtime, at the version that it has there."""
    python = re.search(r"Python (\d\.\d+)", PINS[-1].read_text())[1]
    chosen = resolve("--python-version", python, "--constraint", PINS[-1])
    added = chosen.items() - versions(PINS[-1]).items()
    assert {name for name, _ in added} <= NOT_IN_COLAB


@pytest.mark.slow
def test_a_fresh_environment_gets_a_current_cryptography():
    chosen = resolve()
    assert Version(chosen["cryptography"]) >= SAFE_CRYPTOGRAPHY
    assert chosen["pydrive2"] not in ("1.21.2", "1.21.3")


@pytest.mark.slow
def test_the_lowest_versions_can_be_installed_together():
    chosen = resolve("--resolution", "lowest-direct", "--python-version", "3.11")
    for requirement in requirements(ROOT / "requirements.txt"):
        lowest = [one.version for one in requirement.specifier if one.operator == ">="]
        assert Version(chosen[canonicalize_name(requirement.name)]) >= Version(lowest[0])


def test_one_file_knows_pydrive2():
    """It is hardly maintained any more: whoever replaces it has one place to look at."""
    package = ROOT / "colab_helpers"
    knowing = [path for path in package.rglob("*.py") if "pydrive2" in imported(path)]
    assert knowing == [package / "drive" / "pydrive.py"]


def imported(path):
    """The packages that a file imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_setup_cell_installs_no_dependencies(path):
    """Colab has them all, and what it lacks is not needed."""
    installs = re.findall(r"pip install[^\n]*git\+https://[^\n]*", path.read_text())
    assert installs
    for line in installs:
        assert "-q --no-deps" in line


def package_files(root):
    """The files of the package, without what running it leaves behind."""
    package = root / "colab_helpers"
    paths = [path for path in package.rglob("*") if path.is_file()]
    return {str(path.relative_to(package)) for path in paths if path.suffix != ".pyc"}


@pytest.mark.slow
def test_the_repository_installs_as_a_package(tmp_path):
    """`pip install` of the repository brings all rooms, the requirements, and nothing else."""
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "out", "build", "*.egg-info"))
    answer = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--no-deps",
            "--quiet",
            "--target",
            target,
            source,
        ],
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    assert package_files(target) == package_files(ROOT)
    (info,) = target.glob("*.dist-info")
    assert {path.name for path in target.iterdir()} == {"colab_helpers", info.name}
    metadata = importlib.metadata.PathDistribution(info)
    needed = [Requirement(text) for text in metadata.requires if "extra ==" not in text]
    assert info.name.startswith(f"colab_helpers-{colab_helpers.__version__}.")
    assert {str(need) for need in needed} == {
        str(need) for need in requirements(ROOT / "requirements.txt")
    }


def test_one_address_stands_everywhere():
    """Every link to the repository names the one that pyproject.toml names."""
    assert PROJECT["project"]["urls"]["Repository"] == f"https://github.com/{repository()}"
    for path in [*NOTEBOOKS, *ROOT.glob("*.md")]:
        for found in re.findall(
            r"(?:github\.com|research\.google\.com/github)/([\w-]+/[\w-]+)", path.read_text()
        ):
            if found.split("/")[1] == repository().split("/")[1]:
                assert found == repository(), path.name


def test_the_readme_names_everything_there_is():
    """Each notebook stands in the README with its badge, and each room in its table."""
    readme = (ROOT / "README.md").read_text()
    for path in NOTEBOOKS:
        assert f"]({path.relative_to(ROOT)})" in readme
        assert f"/{repository()}/blob/main/notebooks/{path.name})" in readme
    for path in (ROOT / "colab_helpers").glob("[a-z]*"):
        if path.is_dir() or path.suffix == ".py":
            assert f"| `{path.stem}` |" in readme
    for target in re.findall(r"\]\((?!https?:|#)([^)]+)\)", readme):
        assert (ROOT / target).exists(), target


def test_a_fork_gets_its_own_address(tmp_path, monkeypatch):
    """`make address` rewrites badges, setup cells, documents and metadata, all of them."""
    import course

    old = repository()
    notebook, readme, metadata = (
        tmp_path / "01_a.ipynb",
        tmp_path / "README.md",
        tmp_path / "pyproject.toml",
    )
    badge = f"https://colab.research.google.com/github/{old}/blob/main/notebooks/01_a.ipynb"
    notebook.write_text(f'{badge} git+https://github.com/{old}" https://github.com/{old}_two')
    readme.write_text(f"git clone https://github.com/{old}.git")
    metadata.write_text(f'Repository = "https://github.com/{old}"\n')
    monkeypatch.setattr(course, "ROOT", tmp_path)
    monkeypatch.setattr(course, "NOTEBOOKS", [notebook])

    class Arguments:
        repository = "someone/a_fork"

    address(Arguments)
    assert notebook.read_text() == (
        badge.replace(old, "someone/a_fork")
        + f' git+https://github.com/someone/a_fork" https://github.com/{old}_two'
    )
    assert readme.read_text() == "git clone https://github.com/someone/a_fork.git"
    assert repository() == "someone/a_fork"


@pytest.mark.parametrize("wrong", ["", "only-a-name", "a/b/c", "https://github.com/a/b"])
def test_an_address_that_is_none_is_refused(wrong):
    """A mistyped address changes no file, and the message shows what is wanted."""

    class Arguments:
        repository = wrong

    with pytest.raises(SystemExit, match="REPO=owner/name"):
        address(Arguments)


def test_no_document_names_a_place_of_one_machine():
    """Nothing tracked names a folder that exists on one machine only."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so the tracked files are not known")
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split("\0")
    home = str(Path.home())
    for path in (ROOT / name for name in names if name and not name.endswith(".png")):
        if path.exists():
            text = path.read_text(errors="replace")
            assert str(ROOT) + "/" not in text, path
            assert len(home) < 6 or home + "/" not in text, path

"""Change the rule modules one small thing at a time and see whether a test notices.

Run: ``python bench/mutate.py [module …]``. Works on a copy in a temporary folder; prints every change that no
test noticed, then the count. A survivor is either a missing test or a change that makes no difference.
"""

from __future__ import annotations

import ast
import copy
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = ("money", "gates", "credit", "capitation", "adjudicate", "terms", "amounts")
TESTS = (  # the quick ones first
    "test_outcomes",
    "test_document_cases",
    "test_gates",
    "test_terms",
    "test_amounts",
    "test_credit_capitation",
    "test_naive_agrees",
    "test_trial_lines",
    "test_pack_files",
)
LONGEST = 120  # seconds
COMPARISONS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult}
NAMES = {"min": "max", "max": "min", "all": "any", "any": "all"}


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """Every single small change of one node."""
    changed = copy.deepcopy(node)
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        changed.ops[0] = COMPARISONS[type(node.ops[0])]()
        yield changed
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in ARITHMETIC:
        changed.op = ARITHMETIC[type(node.op)]()
        yield changed
    elif isinstance(node, ast.BoolOp):
        changed.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield changed
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield changed.operand
    elif isinstance(node, ast.If | ast.IfExp):
        changed.test = ast.UnaryOp(ast.Not(), changed.test)
        yield changed
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        changed.value = not node.value if isinstance(node.value, bool) else node.value + 1
        yield changed
    elif isinstance(node, ast.Name) and node.id in NAMES:
        changed.id = NAMES[node.id]
        yield changed


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """(what was changed, the changed source) for every change of a module."""
    tree = ast.parse(source)
    for parent in ast.walk(tree):
        if isinstance(parent, ast.keyword) and parent.arg in ("frozen", "slots"):
            continue  # what a dataclass refuses is not a rule
        for field, value in ast.iter_fields(parent):
            for index, child in enumerate(value if isinstance(value, list) else [value]):
                if not isinstance(child, ast.AST):
                    continue
                for changed in changes(child):
                    _put(parent, field, index, changed)
                    told = f"line {child.lineno}: {ast.unparse(child)!s:.90} → {ast.unparse(changed)!s:.90}"
                    yield told.replace("\n", " "), ast.unparse(ast.fix_missing_locations(tree))
                    _put(parent, field, index, child)


def _put(parent: ast.AST, field: str, index: int, child: ast.AST) -> None:
    value = getattr(parent, field)
    if isinstance(value, list):
        value[index] = child
    else:
        setattr(parent, field, child)


def noticed(folder: Path) -> bool:
    """Whether a test fails. Each try is a fork that has the tools loaded and the rules not yet."""
    child = os.fork()
    if child == 0:
        signal.alarm(LONGEST)  # a change that never ends is noticed too
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        paths = [f"tests/policies/{name}.py" for name in TESTS]
        os._exit(pytest.main(["-x", "-q", "-p", "no:django", "-p", "no:cacheprovider", *paths]))
    return os.waitpid(child, 0)[1] != 0


def main(modules: list[str]) -> None:
    os.environ |= {"GONGJI_NAIVE_VISITS": "1500", "PYTHONDONTWRITEBYTECODE": "1"}
    sys.dont_write_bytecode = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("policies", "tests/policies", "tests/cases", "pyproject.toml"):
            copy_of = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy_of(ROOT / part, folder / part)
        tried = survived = 0
        for module in modules:
            path = folder / "policies" / f"{module}.py"
            original = path.read_text(encoding="utf-8")
            for told, source in mutants(original):
                path.write_text(source, encoding="utf-8")
                tried += 1
                if not noticed(folder):
                    survived += 1
                    print(f"{module}, {told}", flush=True)
            path.write_text(original, encoding="utf-8")
            print(f"{module} done: {tried} tried so far, {survived} survived", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or list(MODULES))

"""Kernels: they are used once they pay, and missed by nobody."""

from __future__ import annotations

import subprocess
import sys

import pytest

import ae_pipeline.compiled as room
from ae_pipeline.compiled import doing_without, has_kernels, kernels_pay


def test_kernels_pay_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little work loads nothing, much work compiles."""
    monkeypatch.setattr(room._Spent, "seconds", 0.0)
    assert not kernels_pay()
    monkeypatch.setattr(room._Spent, "seconds", 100.0)
    assert kernels_pay() == has_kernels()


def test_time_without_kernels_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work without kernels brings the moment closer in which they pay."""
    monkeypatch.setattr(room._Spent, "seconds", 0.0)
    with doing_without():
        sum(range(100_000))
    assert room._Spent.seconds > 0


@pytest.mark.parametrize(
    "obstacle",
    [
        "sys.modules['numba'] = None",
        "import os; os.environ['NUMBA_DISABLE_JIT'] = '1'",
        "import os; os.environ['NUMBA_CACHE_LOCATOR_CLASSES'] = 'NoSuchLocator'",
    ],
)
def test_doing_without_kernels(obstacle: str) -> None:
    """Without Numba, its compiler or a folder for machine code, numpy does the work."""
    code = f"import sys; {obstacle}; from ae_pipeline.compiled import has_kernels as h; print(h())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_numba_is_imported_late() -> None:
    """Readers of small archives do not wait for Numba."""
    code = "import sys; import ae_pipeline.table; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"

"""The fault matrix: what happens to a feed daemon, row by row, and a test for each row.

`matrix.py` names the rows, `test_*.py` proves them (a test's name begins with its row), and `table.py`
writes the two down side by side as `tests/faults.md`.
"""

"""What pip-audit found out, in a sentence and an exit status.

pip-audit leaves out what its source of advisories does not know, and still ends with 0: behind a mirror without
advisories that is everything, and nothing would have been audited at all.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

CLEAN, VULNERABLE, NOT_AUDITED = 0, 1, 3


def judge(report: Mapping[str, Any]) -> tuple[int, list[str]]:
    """Return the status and what to say of a report in pip-audit's JSON."""
    packages = report["dependencies"]
    audited = [package for package in packages if "vulns" in package]
    said = [_advice(package, found) for package in audited for found in package["vulns"]]
    skipped = sorted(package["name"] for package in packages if "vulns" not in package)
    if skipped and audited:
        said.append(f"not in the source of advisories: {', '.join(skipped)}")
    if not audited:
        said.append(f"nothing was audited: the source of advisories knows none of {len(packages)} packages")
        return NOT_AUDITED, said
    is_vulnerable = any(package["vulns"] for package in audited)
    if not is_vulnerable:
        said.append(f"{len(audited)} packages, no known vulnerability")
    return VULNERABLE if is_vulnerable else CLEAN, said


def _advice(package: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    mended = ", ".join(found["fix_versions"]) or "no version yet"
    return f"{package['name']} {package['version']}: {found['id']}; mended in {mended}"


def main() -> int:
    """Judge the report on standard input; without one the source of advisories could not be asked."""
    text = sys.stdin.read()
    if not text.strip():
        status, said = (
            NOT_AUDITED,
            ["nothing was audited: the source of advisories cannot be reached from here"],
        )
    else:
        status, said = judge(json.loads(text))
    print("\n".join(said))  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main())

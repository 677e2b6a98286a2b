"""Recomputes what the published findings say, from the numbers of the gallery alone.

    .venv/bin/python tests/gallery/recompute.py [FOLDER]

It shares no code with lib: it reads the tables of `figures/<preset>/<item>.json`, and derives
numbers, ratios, the intervals whose definition is a formula (Wilson's), fitted powers and verdicts
anew. A number in a finding must be the recomputed one within half a unit of its last digit. What
the gallery does not have (single documents, single seeds, bootstrap draws) is listed as only said.
Prints JSON; exits with 1 if anything disagrees, or if nothing here knows how to recompute a finding.
"""

import json
import pathlib
import sys

import learnt
import proved
from said import Finding

RECIPES = [*learnt.RECIPES, *proved.RECIPES, *learnt.OTHERS]


def recompute(finding):
    """Applies the first recipe for a finding's item and claim; False if there is none."""
    for items, pattern, recipe in RECIPES:
        match = pattern.match(finding.claim)
        if match and (items is None or finding.item in items):
            try:
                if recipe(finding, match) is not False:
                    return True
            except (KeyError, IndexError, StopIteration, AttributeError, TypeError) as error:
                finding.wrong.append(f"cannot be recomputed: {type(error).__name__}: {error}")
                return True
    return False


def main(folder):
    items = []
    for path in sorted(pathlib.Path(folder).glob("*/*.json")):
        reference = json.loads(path.read_text(encoding="utf8"))
        findings = [Finding(reference, one) for one in reference["findings"]]
        unknown = [one.claim for one in findings if not recompute(one)]
        items.append(
            {
                "file": f"{path.parent.name}/{path.name}",
                "findings": len(findings),
                "judged": sum(one.judged for one in findings),
                "numbers": sum(one.recomputed for one in findings),
                "unknown": unknown,
                "wrong": [f"{one.claim}: {why}" for one in findings for why in one.wrong],
                "onlySaid": [f"{one.claim}: {what}" for one in findings for what in one.only_said],
            }
        )
    print(json.dumps({"items": items}, ensure_ascii=False, indent=1))
    return any(item["wrong"] or item["unknown"] for item in items)


if __name__ == "__main__":
    root = pathlib.Path(__file__).resolve().parents[2]
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else root / "figures"))

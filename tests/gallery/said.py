"""Numbers as findings say them: rounded, in words of their own. What a number says is its value and
half a unit of its last digit, within which a recomputed one must lie."""

import math
import re

NUMBER = r"[−-]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+−-]?\d+)?"


def read(text):
    """The value of a number as it is written, and half a unit of its last digit."""
    plain = text.replace(",", "").replace("−", "-")
    mantissa, _, exponent = plain.partition("e")
    scale = 10.0 ** int(exponent or 0)
    decimals = len(mantissa.partition(".")[2])
    return float(mantissa) * scale, 0.5 * 10.0**-decimals * scale


def numbers(text):
    """All numbers of a text, as they are written."""
    return re.findall(NUMBER, text)


class Finding:
    """A published finding, and what was recomputed of it."""

    def __init__(self, reference, finding):
        self.reference = reference
        self.item = reference["item"]
        self.settings = reference["settings"]
        self.claim = finding["claim"]
        self.measured = finding["measured"]
        self.holds = finding["holds"]
        self.recomputed = 0  # numbers that were held against tables
        self.judged = False  # whether the verdict was derived anew
        self.wrong = []
        self.only_said = []  # what the gallery does not have the numbers for

    def rows(self, table):
        for one in self.reference["tables"]:
            if one["id"] == table:
                return one["rows"]
        raise KeyError(f"{self.item}: no table {table}")

    def agree(self, said, value, what):
        """A number as written is the recomputed one, rounded."""
        self.recomputed += 1
        expected, half = read(said)
        # A value at the middle between two roundings may be written as either.
        if not (value is not None and abs(expected - value) <= half * (1 + 1e-6) + 1e-9 * abs(expected)):
            self.wrong.append(f"{what}: says {said}, recomputed {value}")

    def equal(self, first, second, what):
        """Two numbers of full precision are the same, up to rounding in float64."""
        self.recomputed += 1
        if not math.isclose(first, second, rel_tol=1e-9, abs_tol=1e-12):
            self.wrong.append(f"{what}: {first} and {second}")

    def verdict(self, holds):
        """What the numbers make of the claim: True, False, or None for inconclusive."""
        self.judged = True
        if holds is not self.holds:
            self.wrong.append(f"verdict: says {self.holds}, recomputed {holds}")

    def unless_close(self, holds, edges, bounds, half):
        """A verdict from rounded numbers; none where rounding could turn it."""
        if any(abs(edge - bound) <= half for edge in edges for bound in bounds):
            self.only_said.append("the verdict: an end is at the bound, as far as it is rounded")
            self.judged = True
        else:
            self.verdict(holds)


def below(first, second):
    """Whether the first interval lies below the second: None where they overlap."""
    if first[1] < second[0]:
        return True
    return False if first[0] > second[1] else None

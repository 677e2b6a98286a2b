"""Recipes for findings about theorems and lemmas."""

import math
import re

import numpy as np

from said import NUMBER, numbers, read

LEMMAS = {"lemma1.1", "lemma1.2", "lemma1.3", "lemma1.4", "lemma1.5"}


def certificates(finding):
    return finding.rows(f"{finding.item.replace('.', '-')}-certificates")


def certificate(finding, match):
    """Every row of a series: the proved bound is at most epsilon, and what was found at most that."""
    series = match.group(1)
    rows = [row for row in certificates(finding) if row["series"].lower() == series.lower()]
    holds = bool(rows) and all(
        row["found"] <= row["proved"] <= row["epsilon"] * (1 + 1e-12) and row["proved"] > 0 for row in rows
    )
    finding.verdict(holds)
    last = rows[-1]
    said = re.match(
        rf"at ε = ({NUMBER}) found ({NUMBER}), ({NUMBER}) % of the proved bound; (?:({NUMBER}) hidden units, )?largest weight ({NUMBER})$",
        finding.measured,
    ).groups()
    share = 100 * last["found"] / last["proved"]
    values = (last["epsilon"], last["found"], share, last["hidden"], last["largest"])
    for text, value, what in zip(said, values, ("ε", "found", "share of the bound", "hidden units", "largest weight")):
        if text is not None:
            finding.agree(text, value, what)


def powers(rows, quantity, factors):
    """Exponents of a quantity in some factors, by least squares in logarithms."""
    columns = [[math.log(factor(row)) for row in rows] for factor in factors]
    matrix = np.array([*columns, [1.0] * len(rows)]).T
    solution, *_ = np.linalg.lstsq(matrix, np.array([math.log(row[quantity]) for row in rows]), rcond=None)
    return solution[:-1]


def growth(finding, match):
    """The powers with which weights grow, against those of the claim."""
    start = match.group(1).lower()
    rows = [row for row in certificates(finding) if row["series"].lower().startswith(start)]
    key = {"M": "bound", "n": "size"}
    names = re.findall(r"(M|n|1/ε) to the power", finding.measured.partition(";")[0])
    factors = [(lambda row: 1 / row["epsilon"]) if name == "1/ε" else (lambda row, k=key[name]: row[k]) for name in names]
    if start.startswith("relu"):
        # Networks of several depths: the power is that within a depth.
        finding.only_said.append("the powers of networks of several depths, in one fit")
        finding.verdict(all(abs(read(text)[0] - 1) < 0.1 for text in re.findall(rf"power ({NUMBER})", finding.measured)))
        return
    claimed = [float(text) for text in re.findall(rf"to the power (\d+)", finding.claim)]
    said = re.findall(rf"power ({NUMBER})", finding.measured)
    weights, norms = powers(rows, "largest", factors), powers(rows, "euclidean", factors)
    for text, value, what in zip(said, [*weights, *norms], [*names, *names]):
        finding.agree(text, float(value), f"power of {what}")
    finding.verdict(all(abs(mine - theirs) < 0.1 for mine, theirs in zip(weights, claimed)))


def steepness(finding, _match):
    rows = [row for row in certificates(finding) if row["steepness"] is not None]
    shares = [
        row["steepness"] * row["bound"] / max(math.sqrt(2 * math.log(3 * row["bound"] / row["epsilon"])), 0.7518)
        for row in rows
    ]
    said = numbers(finding.measured)
    finding.agree(said[0], min(shares), "least share")
    finding.agree(said[1], max(shares), "largest share")
    finding.verdict(max(shares) <= 1)


def sharpness(finding, _match):
    shares = [
        row["sharpness"] * row["gap"] / math.log(4 * row["bound"] * (row["length"] - 1) / row["epsilon"])
        for row in certificates(finding)
    ]
    said = re.search(rf"is ({NUMBER}) to ({NUMBER}) times", finding.measured).groups()
    finding.agree(said[0], min(shares), "least")
    finding.agree(said[1], max(shares), "largest")
    finding.verdict(all(abs(share - 1) < 0.05 for share in shares))


def hidden_units(finding, _match):
    rows = certificates(finding)
    for size, units in re.findall(rf"n = ({NUMBER}): ({NUMBER})", finding.measured):
        n = int(size)
        finding.agree(units, 4 * n**3, f"4n³ at n = {n}")
    finding.verdict(all(row["hidden"] == 4 * row["size"] ** 3 for row in rows))


def scales(finding, _match):
    finding.only_said.append("errors by scale, which are in the figure alone")
    found, _, best, certified = (read(text)[0] for text in numbers(finding.measured.partition("smallest found is")[2]))
    finding.judged = found <= certified and best > 0


# Theorem 3.1


def knowledge(finding, states):
    return next(row for row in finding.rows("thm3-1-knowledge") if row["states"] == states)


def relations(finding, match):
    n = int(match.group(1))
    row = knowledge(finding, n)
    said = re.match(
        rf"({NUMBER}) relations of words over ({NUMBER}) symbols; .* at most ({NUMBER}) symbols$", finding.measured
    ).groups()
    for text, key in zip(said, ("relations", "symbols", "longest")):
        finding.agree(text, row[key], key)
    finding.verdict(row["relations"] == 2 ** (n * n))


def contexts(finding, match):
    n = int(match.group(1))
    row = knowledge(finding, n)
    said = re.match(rf"({NUMBER}) fragments in ({NUMBER}) contexts? .*: ({NUMBER}) different rows", finding.measured).groups()
    for text, key in zip(said, ("relations", "contexts", "rows")):
        finding.agree(text, row[key], key)
    finding.verdict(row["rows"] == row["relations"])


def rank(finding, match):
    n = int(match.group(1))
    row = knowledge(finding, n)
    said = re.match(rf"({NUMBER}) for ({NUMBER}) chosen fragments?; {NUMBER} for ({NUMBER}) random ones$", finding.measured).groups()
    finding.agree(said[0], row["rank"], "rank")
    finding.agree(said[1], n * n, "n²")
    finding.agree(said[2], row["fragments"], "random fragments")
    finding.verdict(row["rank"] == n * n)


def forgotten(finding, states, kind=None):
    rows = [row for row in finding.rows("thm3-1-forgotten") if row["states"] == states]
    return [row for row in rows if kind is None or row["kind"] == kind]


def enough_numbers(finding, match):
    n, kind = int(match.group(1)), match.group(2)
    rows = [row for row in forgotten(finding, n, kind) if row["numbers"] is None or row["numbers"] >= n * n]
    said = re.match(rf"({NUMBER}) of ({NUMBER}) words wrong", finding.measured).groups()
    finding.agree(said[0], sum(round((1 - row["right"]) * row["words"]) for row in rows), "wrong")
    finding.agree(said[1], rows[0]["words"], "words")
    finding.verdict(all(row["right"] == 1 for row in rows))


def too_few_numbers(finding, match):
    n, kind = int(match.group(1)), match.group(2)
    rows = [row for row in forgotten(finding, n, kind) if row["numbers"] is not None and row["numbers"] < n * n]
    by_numbers = {row["numbers"]: row for row in rows}
    for share, d in re.findall(rf"({NUMBER}) % at d = (\d+)", finding.measured):
        finding.agree(share, 100 * by_numbers[int(d)]["right"], f"right at d = {d}")
    finding.verdict(all(row["right"] < 1 for row in rows))


def lost(finding, match):
    n = int(match.group(1))
    rows = [row for row in forgotten(finding, n, "every relation") if row["lost"] is not None]
    by_numbers = {row["numbers"]: row for row in rows}
    for d, many, least in re.findall(rf"with d = (\d+): ({NUMBER}) \((?:any such code: )?at least ({NUMBER})\)", finding.measured):
        finding.agree(many, by_numbers[int(d)]["lost"], f"lost at d = {d}")
        finding.agree(least, by_numbers[int(d)]["atLeast"], f"least at d = {d}")
    few = [row for row in rows if row["numbers"] < n * n]
    finding.verdict(all(row["lost"] >= row["atLeast"] and row["lost"] > 0 for row in few) and all(
        row["lost"] == 0 for row in rows if row["numbers"] >= n * n
    ))


def bits(finding, match):
    finding.only_said.append("pairs of numbers and bits, which are in the figure alone")
    n = finding.settings["bitsStates"]
    relations_of = f"{2 ** (n * n):,}"
    if f"{relations_of}" not in finding.measured:
        finding.wrong.append(f"the number of relations is {relations_of}")
    none_above = finding.measured.startswith("none of")
    pairs = re.match(r"(\d+) of (\d+) such pairs", finding.measured)
    finding.verdict(none_above or (pairs is not None and pairs.group(1) == pairs.group(2)))


def said_of(finding, name):
    """The number that a list `name: number; ...` has for a name."""
    return re.search(rf"(?:^|; ){re.escape(name)}: ({NUMBER})", finding.measured).group(1)


# Relations and ranks of automata of n states, from combinatorics; of two levels the table counts.
KNOWN = {
    "all relations": lambda n: (2 ** (n * n), n * n),
    "partial functions": lambda n: ((n + 1) ** n, n * n),
    "single arrows": lambda n: (n * n + 2, n * n),
    "functions": lambda n: (n**n, n * n - n + 1),
    "permutations": lambda n: (math.factorial(n), (n - 1) ** 2 + 1),
}


def counted_relations(finding, _match):
    known_numbers(finding, "relations", "counted", 0)


def counted_ranks(finding, _match):
    known_numbers(finding, "rank", "rankCounted", 1)


def known_numbers(finding, found, expected, place):
    rows = finding.rows("thm3-1-counted")
    for row in rows:
        finding.agree(said_of(finding, row["name"]), row[found], row["name"])
        if row["name"] in KNOWN:
            finding.equal(KNOWN[row["name"]](row["states"])[place], row[expected], row["name"])
    finding.verdict(all(row[found] == row[expected] for row in rows))


def same_rank(finding, _match):
    """The automata of the largest rank: from the cheapest fragment to the dearest."""
    rows = finding.rows("thm3-1-counted")
    rank_said, least, cheap, most, dear = re.match(
        rf"rank ({NUMBER}): from ({NUMBER}) bits \((.+)\) to ({NUMBER}) bits \((.+)\)$", finding.measured
    ).groups()
    same = [row for row in rows if row["rank"] == int(rank_said)]
    for name, bits_said, pick in (cheap, least, min), (dear, most, max):
        row = pick(same, key=lambda one: one["bits"])
        if row["name"] != name:
            finding.wrong.append(f"{name}: it is {row['name']}")
        finding.equal(math.log2(row["relations"]), row["bits"], f"{name}, bits")
        finding.agree(bits_said, row["bits"], name)
    finding.verdict(min(row["bits"] for row in same) < max(row["bits"] for row in same))


def registers(finding, _match):
    rows = finding.rows("thm3-1-prices")
    some, of, name, price, flat, compact = re.match(
        rf"({NUMBER}) of ({NUMBER}) automata; the dearest example, (.+), costs ({NUMBER}) bits, "
        rf"its flat registers hold ({NUMBER}), its compact ones ({NUMBER})$",
        finding.measured,
    ).groups()
    held = [row for row in rows if all(row[kind] is None or row[kind] >= row["bits"] for kind in ("flat", "compact", "bilevel"))]
    for row in rows:
        finding.equal(math.log2(row["relations"]), row["bits"], f"{row['name']}, bits")
        finding.equal(row["states"] ** 2, row["flat"], f"{row['name']}, flat registers")
    row = next(row for row in rows if row["name"] == name)
    for said, value in (some, len(held)), (of, len(rows)), (price, row["bits"]), (flat, row["flat"]), (compact, row["compact"]):
        finding.agree(said, value, "registers")
    finding.verdict(len(held) == len(rows))


# Theorem 3.2


def ways_right(finding, _match):
    rows = finding.rows("thm3-2-in-every-way")
    wrong, of = re.match(rf"({NUMBER}) of ({NUMBER}) prefixes", finding.measured).groups()
    finding.agree(wrong, sum(row["wrong"] for row in rows), "wrong")
    finding.agree(of, sum(row["prefixes"] for row in rows), "prefixes")
    finding.verdict(all(row["wrong"] == 0 for row in rows))


def ways_certified(finding, _match):
    rows = finding.rows("thm3-2-in-every-way")
    some, of = re.match(rf"({NUMBER}) of ({NUMBER}) certificates", finding.measured).groups()
    finding.agree(some, sum(row["certified"] for row in rows), "certified")
    finding.agree(of, len(rows), "networks")
    finding.verdict(all(row["certified"] for row in rows))


def ways_narrow(finding, _match):
    rows = [row for row in finding.rows("thm3-2-in-every-way") if row["way"] in ("carried", "spread")]
    most, square = re.match(rf"widths up to ({NUMBER}), where n² = ({NUMBER})$", finding.measured).groups()
    finding.agree(most, max(row["width"] for row in rows), "width")
    finding.agree(square, rows[0]["states"] ** 2, "n²")
    finding.verdict(max(row["width"] for row in rows) < rows[0]["states"] ** 2)


KINDS = {"Bilevel positions": "bipe", "Absolute positions, compact": "compact", "Absolute positions, flattened": "ape"}


def prefixes(finding, match):
    """Wrong prefixes of long words: the sums over all sizes."""
    kind = KINDS[match.group(1)]
    rows = [row for row in finding.rows("thm3-2-compared") if row[f"{kind}Prefixes"] is not None]
    said = re.match(rf"({NUMBER}) of ({NUMBER}) prefixes", finding.measured).groups()
    wrong = sum(row[f"{kind}Wrong"] for row in rows)
    finding.agree(said[0], wrong, "wrong")
    finding.agree(said[1], sum(row[f"{kind}Prefixes"] for row in rows), "prefixes")
    finding.verdict(wrong == 0)


def width(finding, match):
    """A fitted power near 1: what it is fitted to, the coordinates that hold states, is in no table."""
    finding.only_said.append("the fitted power, and the range of the ratio")
    power = re.match(rf"fitted power ({NUMBER}); ", finding.measured).group(1)
    finding.verdict(abs(read(power)[0] - 1) < 0.1)


def narrower(finding, _match):
    k, s, mine, other, times = re.search(
        rf"at k = (\d+), \|S\| = (\d+) the width is ({NUMBER}) instead of ({NUMBER}), ({NUMBER}) times less", finding.measured
    ).groups()
    rows = finding.rows("thm3-2-sizes")
    row = next(row for row in rows if (row["k"], row["s"]) == (int(k), int(s)))
    finding.agree(mine, row["bipeWidth"], "bilevel width")
    finding.agree(other, row["apeWidth"], "flattened width")
    finding.agree(times, row["apeWidth"] / row["bipeWidth"], "times")
    finding.verdict(row["apeWidth"] > row["bipeWidth"])


def bought(finding, _match):
    rows = finding.rows("thm3-2-sizes")
    ratios = [row["compactWidth"] / row["bipeWidth"] for row in rows]
    least, most = re.match(rf"widths ({NUMBER}) to ({NUMBER}) times less", finding.measured).groups()
    finding.agree(least, min(ratios), "least")
    finding.agree(most, max(ratios), "most")
    finding.verdict(max(ratios) < 4)


def counted(finding, _match):
    """`396 of 396`, `0 of 7,119,144`: all or none."""
    finding.only_said.append("counts that are in no table")
    some, of = (read(text)[0] for text in re.search(rf"({NUMBER}) of ({NUMBER})", finding.measured).groups())
    finding.verdict(some == of)


def none_counted(finding, _match):
    finding.only_said.append("counts that are in no table")
    finding.verdict(read(re.search(rf"({NUMBER}) of", finding.measured).group(1))[0] == 0)


def of_sizes(finding, match):
    """Certificates: as many as the table has sizes of that kind."""
    kind = KINDS[match.group(1)]
    some, of = re.search(rf"({NUMBER}) of ({NUMBER}) sizes", finding.measured).groups()
    finding.only_said.append("which certificates hold")
    finding.verdict(some == of)


THEOREM_1, THEOREM_2 = {"thm3.1"}, {"thm3.2"}

RECIPES = [
    (LEMMAS, re.compile(r"^(.+?), ε = .+: the proved bound is at most ε, and no error found"), certificate),
    (LEMMAS, re.compile(r"^(.+?): the largest weight grows as"), growth),
    ({"lemma1.3"}, re.compile(r"^The steepness"), steepness),
    ({"lemma1.5"}, re.compile(r"^The sharpness"), sharpness),
    ({"lemma1.4"}, re.compile(r"^The MLP has 4n³ hidden units"), hidden_units),
    (LEMMAS, re.compile(r"^float\d+: at every scale"), scales),
    (THEOREM_1, re.compile(r"^n = (\d+): words have every relation"), relations),
    (THEOREM_1, re.compile(r"^n = (\d+): some context tells"), contexts),
    (THEOREM_1, re.compile(r"^n = (\d+): fragments by contexts have rank"), rank),
    (THEOREM_1, re.compile(r"^n = (\d+), (.+): with d ≥"), enough_numbers),
    (THEOREM_1, re.compile(r"^n = (\d+), (.+): with d <"), too_few_numbers),
    (THEOREM_1, re.compile(r"^n = (\d+): a linear code"), lost),
    (THEOREM_1, re.compile(r"^(?:d numbers of p bits|The bound is met)"), bits),
    (THEOREM_1, re.compile(r"^The search finds as many relations"), counted_relations),
    (THEOREM_1, re.compile(r"^Elimination finds the ranks"), counted_ranks),
    (THEOREM_1, re.compile(r"^A rank says nothing of bits"), same_rank),
    (THEOREM_1, re.compile(r"^Registers that hold a fragment"), registers),
    (THEOREM_2, re.compile(r"^One automaton in \d+ ways: every read-out"), ways_right),
    (THEOREM_2, re.compile(r"^One automaton in \d+ ways: certified"), ways_certified),
    (THEOREM_2, re.compile(r"^A carried set and spread columns take fewer than"), ways_narrow),
    (THEOREM_2, re.compile(r"^(.+?): the read-out is the set"), prefixes),
    (THEOREM_2, re.compile(r"^(?:Definition: a Bi-NFA|All three: so it is)"), none_counted),
    (THEOREM_2, re.compile(r"^(.+): every layer matters"), counted),
    (THEOREM_2, re.compile(r"^(.+): certified for every word"), of_sizes),
    (THEOREM_2, re.compile(r"^(.+): the width grows in proportion"), width),
    (THEOREM_2, re.compile(r"^The bilevel construction is narrower"), narrower),
    (THEOREM_2, re.compile(r"^Over the compact construction"), bought),
]

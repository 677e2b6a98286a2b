"""Recipes for findings about trained models and about texts."""

import math
import re
from itertools import product
from statistics import NormalDist

from said import NUMBER, below, numbers, read

Z = NormalDist().inv_cdf(0.975)

CHANGE = re.compile(
    rf"({NUMBER}) vs ({NUMBER}), ({NUMBER}) % (lower|higher) \((95 % CI|over seeds) "
    rf"({NUMBER})(?: % (lower|higher))? to ({NUMBER}) %(?: (lower|higher))?, (.*?)\)(.*)$"
)


def percents(change):
    """The ends of a change's interval in signed percent, the lower first."""
    said_low, word_low, said_high, word_high = change.group(6, 7, 8, 9)
    word = change.group(4)
    sign = lambda other: -1 if (other or word) == "lower" else 1
    return sorted([sign(word_low) * read(said_low)[0], sign(word_high) * read(said_high)[0]])


def change(finding, better, worse, bound):
    """`A vs B, X % lower (interval)`: both numbers and their ratio, and the verdict for a bound."""
    match = CHANGE.match(finding.measured)
    first, second, said, word, kind = match.group(1, 2, 3, 4, 5)
    several = re.search(r"(\d+) and (\d+) seeds", match.group(10))
    known = [True, True]
    if several:
        # The gallery has the seed that all models have, not the further ones of two of them.
        known = [several.group(1) == "1", several.group(2) == "1"]
        finding.only_said.append("what rests on a further seed, and the ratio to it")
    for is_known, text, value, what in zip(known, (first, second), (better, worse), ("first", "second")):
        if is_known:
            finding.agree(text, value, what)
    signed = 100 * (better / worse - 1) if all(known) else (1 if word == "higher" else -1) * read(said)[0]
    if all(known):
        finding.agree(said, abs(signed), "the change in percent")
        if (signed < 0) != (word == "lower"):
            finding.wrong.append(f"says {word}, recomputed {signed:.3f} %")
    low, high = percents(match)
    finding.only_said.append(f"the interval {kind}, which is not in the gallery")
    if not low - 0.06 <= signed <= high + 0.06:
        finding.wrong.append(f"the change {signed:.2f} % is not in its interval {low} to {high}")
    holds = below((low, high), (bound, bound))
    factor = re.search(rf"(within|beyond) seed-to-seed variation \(factor ({NUMBER})\)", match.group(11))
    edges, bounds = [low, high], [bound]
    if factor:
        variation, half = read(factor.group(2))
        ratio = math.exp(abs(math.log1p(signed / 100)))
        is_within = factor.group(1) == "within"
        # The factor is rounded: a ratio that is as close to it may be on either side.
        if abs(ratio - variation) > half and is_within != (ratio < variation):
            finding.wrong.append(f"says {factor.group(1)} the variation, recomputed otherwise")
            is_within = not is_within
        holds = None if is_within else holds
    finding.unless_close(holds, edges, bounds, 0.05)


def row_of(rows, **wanted):
    return next(row for row in rows if all(row[key] == value for key, value in wanted.items()))


def at(text):
    """`2,048 tokens` as the key of a column."""
    return f"at{int(read(text)[0])}"


def fig4_better(finding, match):
    times, one, other = match.groups()
    rows = finding.rows("fig4-perplexity")
    key = f"at{int(times) * finding.settings['trainLength']}"
    change(finding, row_of(rows, model=one)[key], row_of(rows, model=other)[key], 0)


def fig4_kept(finding, match):
    times, one, bound = match.groups()
    length = finding.settings["trainLength"]
    row = row_of(finding.rows("fig4-perplexity"), model=one)
    change(finding, row[f"at{int(times) * length}"], row[f"at{length}"], float(bound))


def fig5(get):
    """Findings of Figure 5: `get` gives the two stages to compare, from the claim."""

    def recipe(finding, match):
        rows = finding.rows("fig5-perplexity")
        key, one, other, bound = get(match)
        change(finding, row_of(rows, **one)[key], row_of(rows, **other)[key], bound)

    return recipe


def stage(model, name, scaling="none"):
    return {"model": model, "stage": name, "scaling": scaling}


def normal(finding, match):
    text, one, bound, other = match.groups()
    rows = finding.rows("table-normal")
    first, second = (row_of(rows, encoding=name)[text.lower()] for name in (one, other))
    change(finding, first, second, float(bound))


def ablation(finding, match):
    """The models are named in words; they are found by their group's rows that have the numbers."""
    *said, percent, word = CHANGE.match(finding.measured).group(1, 2, 3, 4)
    times = int(match.group(1) or 1)
    key = f"at{times * finding.settings['trainLength']}"
    several = re.search(r"(\d+) and (\d+) seeds", finding.measured)
    fitting = []
    for text, seeds in zip(said, several.groups() if several else ("1", "1")):
        expected, half = read(text)
        found = [row[key] for row in finding.rows("table-ablation") if abs(row[key] - expected) <= half]
        fitting.append(found or [expected if seeds != "1" else math.nan])
    # Of rows with the same rounded number, those whose ratio is the one that is said.
    signed = (1 if word == "higher" else -1) * read(percent)[0]
    first, second = min(product(*fitting), key=lambda pair: abs(100 * (pair[0] / pair[1] - 1) - signed))
    change(finding, first, second, 0)


def wilson(share, trials):
    """Wilson's score interval at 95 % (1927)."""
    spread = Z * Z / trials
    centre = (share + spread / 2) / (1 + spread)
    reach = Z * math.sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    return (0 if share == 0 else centre - reach, 1 if share == 1 else centre + reach)


SHARE = rf"(.+?) ({NUMBER}) % \(({NUMBER}) % to ({NUMBER}) %\)"


def shares(finding, pick):
    """`A 84.1 % (81.7 % to 86.2 %), B ...`: each from its row; the first is more than the second."""
    ranges = []
    for name, *said in re.findall(rf"(?:^|, ){SHARE}", finding.measured.partition(";")[0]):
        centre, low, high = pick(name)
        for text, value, what in zip(said, (centre, low, high), ("share", "low end", "high end")):
            finding.agree(text, 100 * value, f"{name}, {what}")
        ranges.append((low, high))
    return ranges


def fig3_range(finding, size, operators, name):
    """The share of an encoding, with Wilson's interval of its questions."""
    row = row_of(finding.rows("fig3-accuracy"), encoding=name, hiddenSize=size)
    key = "accuracy" if operators is None else f"operators{operators}"
    ends = ("low", "high") if operators is None else (f"{key}Low", f"{key}High")
    share, low, high = row[key], row[ends[0]], row[ends[1]]
    if len(finding.settings["seeds"]) == 1:
        for mine, theirs in zip(wilson(share, finding.settings["questions"]), (low, high)):
            finding.equal(mine, theirs, f"{name}, Wilson's interval")
    return share, low, high


def needle_range(finding, key, name):
    """The share of facts that an encoding finds, with Wilson's interval of their questions."""
    row = row_of(finding.rows("needle-numbers"), encoding=name)
    share, low, high = row[key], row[f"{key}Low"], row[f"{key}High"]
    settings = finding.settings
    longest, depths = max(settings["lengths"]), settings["depths"]
    backs = [longest * (1 - place / (depths - 1)) for place in range(depths)]
    far = sum(back > settings["trainLength"] for back in backs) if key == "farther" else depths
    if len(settings["seeds"]) == 1:
        for mine, theirs in zip(wilson(share, far * settings["questions"]), (low, high)):
            finding.equal(mine, theirs, f"{name}, Wilson's interval")
    return share, low, high


def needle_found(finding, match):
    """An encoding finds more than half of the facts of a kind."""
    is_near = match.group(3).startswith("in texts of the training length")
    key = f"length{finding.settings['trainLength']}" if is_near else "farther"
    centre, low, high = needle_range(finding, key, match.group(1))
    for said, value in zip(numbers(finding.measured), (centre, low, high)):
        finding.agree(said, 100 * value, match.group(1))
    bound = read(match.group(2))[0] / 100
    finding.verdict(below((bound, bound), (low, high)))


def needle_more(finding, match):
    """One encoding finds more of the far facts than another."""
    first, second = shares(finding, lambda name: needle_range(finding, "farther", name))
    finding.verdict(below(second, first))


def fig3_better(finding, match):
    size, operators = int(match.group(1)), match.group(2)
    first, second = shares(finding, lambda name: fig3_range(finding, size, operators, name))[:2]
    finding.verdict(below(second, first))


def fig3_paper(finding, match):
    """About 97 % and under 70 %: the best interval has 97 % in it or above, all others lie below 70 %."""
    size = int(match.group(1))
    best, *others = shares(finding, lambda name: fig3_range(finding, size, None, name))
    reaches = below((0.965, 0.965), best)
    if best[1] < 0.965:
        reaches = False
    stays = [below(other, (0.7, 0.7)) for other in others]
    if reaches is False or False in stays:
        finding.verdict(False)
    elif reaches and all(stays):
        finding.verdict(True)
    else:
        finding.only_said.append("the verdict: the word about has no bound of its own")


def fig3_instances(finding, match):
    """Who needs fewer instances until a share is right: counts, and leads where BiPE-ALiBi is the first."""
    size, share = int(match.group(1)), match.group(4)
    rows = finding.rows("fig3-learning")
    until = {row["encoding"]: row for row in rows if row["hiddenSize"] == size}
    spans = []
    for name in match.group(2), match.group(3):
        row = until[name]
        low, high = row[f"until{share}Low"], row[f"until{share}High"]
        spans.append((math.inf if low is None else low, math.inf if high is None else high))
        said = re.search(rf"(?<![-\w]){name} after (more than )?({NUMBER})", finding.measured)
        if said.group(1) is None:
            finding.agree(said.group(2), row[f"until{share}"], f"{name}, instances")
        elif row[f"until{share}"] is not None:
            finding.wrong.append(f"{name}: says more than, the table has {row[f'until{share}']}")
    if match.group(2) == "BiPE-ALiBi":
        most, end = re.search(rf"the lead is ({NUMBER}) points at most and ({NUMBER}) points", finding.measured).groups()
        finding.agree(most, 100 * until[match.group(3)]["largestLead"], "largest lead")
        finding.agree(end, 100 * until[match.group(3)]["lastLead"], "lead at the end")
    finding.verdict(below(*spans))


def words(finding, match):
    """State sets right, over seeds: the whole range of one is above that of the other."""
    length, one, wide, other, narrow = match.groups()
    sizes = {one: int(wide), other: int(narrow)}
    rows = finding.rows("thm3-2-trained-accuracy")

    def pick(name):
        row = row_of(rows, encoding=name, hiddenSize=sizes[name])
        return row[f"length{length}"], row[f"length{length}Low"], row[f"length{length}High"]

    first, second = shares(finding, pick)
    finding.verdict(below(second, first))


MEASURES = (
    (re.compile(".*attention moves"), "moved", 100),
    (re.compile(".*farther back than any token"), "far", 100),
    (re.compile(".*own place there"), "samePlace", 1),
)


def attention(finding, match):
    """Two encodings, or one and even spread: values, their difference, and the verdict by it."""
    key, scale = next((key, scale) for pattern, key, scale in MEASURES if pattern.match(finding.claim))
    rows = {row["encoding"].lower(): row for row in finding.rows("attention-by-segment-measures")}
    found = re.findall(
        rf"(?:^|, )([A-Za-z][\w -]*?) ({NUMBER})(?: %)? \(({NUMBER})(?: %)? to ({NUMBER})(?: %)?\)", finding.measured
    )
    values, ends = [], []
    for name, *said in found:
        row = rows[name.lower()]
        three = [row[key], row[f"{key}Low"], row[f"{key}High"]]
        for text, value in zip(said, three):
            finding.agree(text, scale * value, f"{name}, {key}")
        values.append(scale * three[0])
        ends.append((three[1], three[2]))
    times = re.search(rf"less than ({NUMBER}) times as much", finding.claim)
    if times:
        share = float(times.group(1))
        ratio = values[0] / values[1]
        finding.only_said.append("the interval of the ratio to even spread")
        finding.verdict(ratio < share)
        return
    said, low, high = re.search(rf"difference ({NUMBER})(?: points)? \(({NUMBER}) to ({NUMBER})\)", finding.measured).groups()
    finding.agree(said, values[0] - values[1], "difference")
    finding.only_said.append("the interval of the difference, over documents")
    less = ": less attention" in finding.claim
    interval = (read(low)[0], read(high)[0])
    holds = below(interval, (0, 0)) if less else below((0, 0), interval)
    finding.unless_close(holds, interval, [0], read(low)[1])


def quick_task(finding, match):
    """Scores, their difference, and the verdict by its interval where the models learnt the task."""
    task, times, one, other = match.groups()
    rows = [row for row in finding.rows("table-scrolls") if row["task"] == task]
    if times:
        least = min(row["tokens"] for row in rows)
        rows = [row for row in rows if row["tokens"] == int(times) * least]
    elif "tokens" in rows[0]:
        rows = sorted(rows, key=lambda row: row["tokens"])
    keys = {"BiPE-RoPE": "bipe_rope", "RoPE": "rope", "BiPE-ALiBi": "bipe_alibi", "ALiBi": "alibi"}
    values = []
    for name in one, other:
        score, swapped, *ends = re.search(
            rf"(?:^|, ){name} ({NUMBER}) \(swapped ({NUMBER})(?:, (?:95 % interval )?({NUMBER}) to ({NUMBER}))?", finding.measured
        ).groups()
        finding.agree(score, rows[0][keys[name]], f"{name}, score")
        finding.agree(swapped, rows[0][f"{keys[name]}_swapped"], f"{name}, swapped")
        for text, end in zip(ends, ("Low", "High")):
            if text is not None:
                finding.agree(text, rows[0][f"{keys[name]}_swapped{end}"], f"{name}, swapped, {end}")
        values.append(rows[0][keys[name]])
    finding.agree(re.search(rf"a difference of ({NUMBER}) points", finding.measured).group(1), values[0] - values[1], "difference")
    ends = re.search(rf"interval over \w+ ({NUMBER}) to ({NUMBER})", finding.measured)
    if "learnt" in finding.measured or ends is None:
        finding.only_said.append("whether a task is learnt, or has groups enough")
        finding.verdict(None)
        return
    finding.only_said.append("the interval of the difference, a bootstrap over chapters")
    interval = [read(text)[0] for text in ends.groups()]
    finding.unless_close(below((0, 0), interval), interval, [0], 0.05)


def segments(finding, match):
    """Figure 1: shares and counts of a kind of text."""
    text, separators, what = match.groups()
    row = row_of(finding.rows("fig1-summary"), modality=text, separators=separators)
    said = numbers(finding.measured)
    if what.startswith("most segments"):
        finding.agree(re.search(rf"({NUMBER}) % over whole documents", finding.measured).group(1), 100 * row["shareShort"], "share under 50")
        finding.agree(re.search(rf"in ({NUMBER}) sequences?", finding.measured).group(1), row["sequences"], "sequences")
        finding.only_said.append("the share in the longest sequences")
        finding.verdict(read(said[0])[0] > 50)
    elif what.startswith("the number of segments"):
        finding.agree(re.search(rf"tokens, ({NUMBER}) in", finding.measured).group(1), row["segmentsAtLongest"], "segments")
        finding.agree(re.search(rf"power ({NUMBER})", finding.measured).group(1), row["growthExponent"], "exponent")
        first = read(said[0])[0]
        finding.verdict(row["segmentsAtLongest"] > first)
    else:
        finding.only_said.append("the most segments of a sequence; the table has the median")
        most = read(said[0])[0]
        if most < row["segmentsAtLongest"]:
            finding.wrong.append("the most segments are fewer than the median")
        finding.verdict(most > 9000)


def recipes_table(finding, match):
    """How many settings of the preset `paper` are the paper's, of those that can be compared."""
    titles = {
        "Language models: configuration": "model",
        "Language models: training": "training",
        "Language models: evaluation by length": "evaluation",
        "SCROLLS: finetuning": "scrolls",
        "Arithmetic: task, models, training": "arithmetic",
    }
    rows = finding.rows(f"table-recipes-{titles[match.group(1)]}")
    compared = [row for row in rows if row["source"] is not None and row["differs"] != "not compared"]
    same = [row for row in compared if row["preset_paper"] == row["paper"]]
    said = re.match(rf"({NUMBER}) of ({NUMBER}) settings", finding.measured).groups()
    finding.agree(said[0], len(same), "settings that are the same")
    finding.agree(said[1], len(compared), "settings that can be compared")
    finding.verdict(len(same) == len(compared))


def spoken(finding, match):
    """Any other comparison of two numbers with intervals: the verdict follows from what is said."""
    found = re.findall(rf"(?:^|, ){SHARE}", finding.measured)
    if len(found) < 2 or " than " not in finding.claim:
        return False
    first, second = ([read(text)[0] for text in one[2:4]] for one in found[:2])
    finding.only_said.append("all numbers; the verdict is that of the intervals said")
    finding.unless_close(below(second, first), [*first, *second], [*first, *second] if first[0] == second[1] else [], 0.05)


RECIPES = [
    ({"fig4"}, re.compile(r"^\w+, (\d+) times the training length: (.+) predicts better than (.+)$"), fig4_better),
    ({"fig4"}, re.compile(r"^\w+: at (\d+) times the training length (.+) is at most (\d+) % worse than"), fig4_kept),
    (
        {"fig5"},
        re.compile(r"^\w+: finetuned with YaRN, (.+) predicts better at ([\d,]+ tokens) than as it was trained$"),
        fig5(lambda m: (at(m[2].split()[0]), stage(m[1], "finetuned", "YaRN"), stage(m[1], "trained"), 0)),
    ),
    (
        {"fig5"},
        re.compile(r"^\w+: at ([\d,]+) tokens, where it was trained, finetuning with YaRN makes (.+) at most (\d+) % worse$"),
        fig5(lambda m: (at(m[1]), stage(m[2], "finetuned", "YaRN"), stage(m[2], "trained"), float(m[3]))),
    ),
    (
        {"fig5"},
        re.compile(r"^\w+: finetuned, (.+) predicts better at ([\d,]+) tokens with YaRN than without scaling$"),
        fig5(lambda m: (at(m[2]), stage(m[1], "finetuned", "YaRN"), stage(m[1], "finetuned"), 0)),
    ),
    (
        {"fig5"},
        re.compile(r"^\w+: at ([\d,]+) tokens, .+, both finetuned with YaRN, (.+) predicts better than (.+)$"),
        fig5(lambda m: (at(m[1]), stage(m[2], "finetuned", "YaRN"), stage(m[3], "finetuned", "YaRN"), 0)),
    ),
    (
        {"fig5"},
        re.compile(r"^\w+: at ([\d,]+) tokens, .+best for it there \((.+), (.+)\), (.+) predicts better than (.+)$"),
        fig5(lambda m: (at(m[1]), stage(m[4], "finetuned", m[2]), stage(m[5], "finetuned", m[3]), 0)),
    ),
    ({"table-normal"}, re.compile(r"^(\w+), at the training length: (.+) is at most (\d+) % worse than (.+)$"), normal),
    ({"table-ablation"}, re.compile(r"^\w+, at (?:(\d+) times )?the training length: "), ablation),
    ({"fig3"}, re.compile(r"^Hidden size (\d+): .+ reaches about 97 %"), fig3_paper),
    ({"fig3"}, re.compile(r"^Hidden size (\d+)(?:, (\d+) operators, more than in training)?: .+ computes better than"), fig3_better),
    ({"fig3"}, re.compile(r"^Hidden size (\d+): (.+) needs fewer instances than (.+) until (\d+) %"), fig3_instances),
    ({"needle"}, re.compile(r"^(.+?) (?:learns the task: it )?finds more than (\d+) % of the facts (.+)$"), needle_found),
    ({"needle"}, re.compile(r"^.+ finds more of the facts that stand farther back than any in training than .+$"), needle_more),
    ({"thm3.2-trained"}, re.compile(r"^Words of (\d+) symbols: (.+) of width (\d+) has more state sets right than (.+) of width (\d+)$"), words),
    ({"attention_by_segment"}, re.compile(r"^At "), attention),
    ({"table-scrolls"}, re.compile(r'^Quick task "(.+?)"(?: \(not part of SCROLLS\)|, (\d+) times the length of the finetuning): (.+) answers better than (.+)$'), quick_task),
    ({"fig1"}, re.compile(r'^(\w+), separators "(\w+)": (.+)$'), segments),
    ({"table-recipes"}, re.compile(r"^(.+): the preset paper is the paper's"), recipes_table),
]

# Tried last.
OTHERS = [(None, re.compile(r"^.+"), spoken)]

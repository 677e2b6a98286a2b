"""Makes pairs.json: texts of our own and what the Python packages say of them. In a virtual environment outside the repository:

    pip install rouge-score==0.1.2 'transformers==4.57.6'
    python tests/golden/text-metrics/make.py > tests/golden/text-metrics/pairs.json

ROUGE is rouge-score's, without stemmer, as SCROLLS calls it. Normalization, F1 and exact match are those of transformers' SQuAD
script, but for two texts without words, whose F1 is 0 in SCROLLS (which lacks that script's later rule for unanswerable questions).
Scores of many texts follow the official evaluator (tau/scrolls, metrics/scrolls.py): best reference, mean, rounded to 4 decimals.
"""

import json
import random
from importlib.metadata import version

from rouge_score import rouge_scorer
from transformers.data.metrics import squad_metrics

EDGES = [
    ("", ""), ("", "a word"), ("a word", ""), ("...", "!?"), ("...", "word"), ("   \n\t ", "the a an"), ("the", "the"),
    ("The cat.", "the cat"), ("THE CAT SAT", "the cat sat"), ("cat the sat", "the cat sat"), ("a a a a", "a a"),
    ("no no no no yes", "no yes no yes no"), ("to be or not to be", "to be to be to be"), ("x", "x"), ("x y", "y x"),
    ("well-known", "well known"), ("U.S.A.", "USA"), ("3.14", "3 14"), ("it's the end", "its end"), ("$5,000", "5000"),
    ("a_b", "a b"), ("the_cat", "cat"), ("caf\u00e9", "cafe"), ("caf\u00e9 noir", "cafe\u0301 noir"), ("na\u00efve a\u00e9", "naive ae"),
    ("\u00e9the a\u00e9 an\u00f1", "the a an"), ("\u00e9 the \u00e9", "\u00e9 \u00e9"), ("the\u0301 a", "the"), ("\u4e2d\u6587", "\u4e2d\u6587"),
    ("\u4e2dthe a\u6587", "the a"), ("stra\u00dfe", "STRASSE"), ("\u0130stanbul", "istanbul"), ("\u212aelvin", "kelvin"),
    ("\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c2"), ("\U0001f40b whale", "whale \U0001f40b"), ("a\u00a0whale", "whale"),
    ("one\u2028two", "one two"), ("one\ufefftwo", "one two"), ("\ufeffone", "one"), ("one\x1ctwo\x1dthree", "one two three"),
    ("one\x85two", "one two"), ("one\u200btwo", "one two"), ("one\u3000two", "one two"), ("\u201cthe whale\u201d", "the whale"),
    ("don\u2019t the", "dont"), ("x\u2014the\u2014y", "x y"), ("\u0661\u0662 the\u0663", "12 the3"), ("\u00bd the\u00bd", "half"),
    ("\u2167the", "the"), ("a.n.", "an"), ("an.the", "anthe"), ("A, the: AN!", ""), ("Yes", "yes."), ("Unanswerable", "unanswerable"),
    ("sentence one. Sentence two! (Three?)", "Sentence two. sentence one"), ("\u2460 the\u2460", "1"), ("\U00010400 the", "\U00010428"),
]
WORDS = (
    "the a an whale ship sea captain of and to in was Ishmael Queequeg harpoon white deep, deep. boat's well-known 1851 42 "
    "caf\u00e9 na\u00efve \u4e2d\u6587 \u201cquoted\u201d (so) \u2014 ... U.S. the_ship The AN \u00e9 \U0001f40b"
).split(" ")
scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=False)


def drawn_text(rng, longest):
    words = rng.sample(WORDS, rng.randint(2, len(WORDS)))  # few words: runs that repeat
    return rng.choice([" ", " ", "\n", "  ", "\u00a0"]).join(rng.choice(words) for _ in range(rng.randint(0, longest)))


def changed(rng, text):
    words = text.split(" ")
    for _ in range(rng.randint(0, 4)):
        place = rng.randrange(len(words))
        words[place : place + rng.randint(0, 2)] = [rng.choice(WORDS)] * rng.randint(0, 2)
        words = words or [""]
    return " ".join(words)


def f1(reference, prediction):
    if not squad_metrics.get_tokens(reference) and not squad_metrics.get_tokens(prediction):
        return 0.0
    return float(squad_metrics.compute_f1(reference, prediction))


def rouge(reference, prediction):
    return {name: list(score) for name, score in scorer.score(reference, prediction).items()}


def measured(prediction, reference):
    return {
        "prediction": prediction,
        "reference": reference,
        "normalized": squad_metrics.normalize_answer(prediction),
        "exact_match": squad_metrics.compute_exact(reference, prediction),
        "f1": f1(reference, prediction),
        "rouge": rouge(reference, prediction),
    }


def mean(values):
    return sum(values) / len(values)


def scored(group):
    best = {
        name: mean([max(rouge(r, p)[name][2] * 100 for r in references) for p, references in group])
        for name in ["rouge1", "rouge2", "rougeL"]
    }
    best["rouge"] = (best["rouge1"] * best["rouge2"] * best["rougeL"]) ** (1.0 / 3.0)
    best["f1"] = 100.0 * sum(max(f1(r, p) for r in references) for p, references in group) / len(group)
    exact = sum(max(squad_metrics.compute_exact(r, p) for r in references) for p, references in group)
    best["exact_match"] = 100.0 * exact / len(group)
    return {
        "texts": [{"prediction": p, "references": references} for p, references in group],
        "scores": best,
        "rounded": {name: round(value, 4) for name, value in best.items()},
    }


def main():
    rng = random.Random(2401)
    pairs = list(EDGES)
    while len(pairs) < 320:
        reference = drawn_text(rng, rng.choice([3, 10, 40]))
        pairs.append((changed(rng, reference) if rng.random() < 0.7 else drawn_text(rng, 20), reference))
    groups = []
    for size in [1, 2, 3, 7, 12]:
        group = []
        for _ in range(size):
            references = [drawn_text(rng, 12) for _ in range(rng.randint(1, 3))]
            group.append((changed(rng, rng.choice(references)), references))
        groups.append(group)
    # The evaluator's own example: ROUGE 55.8136, F1 72.2222, exact match 33.3333.
    groups.append([
        ("exact match example", ["exact match example"]),
        ("hello there", ["hello", "hi there"]),
        ("general kenobi", ["commander kenobi"]),
    ])
    golden = {
        "packages": {name: version(name) for name in ["rouge-score", "transformers"]},
        "pairs": [measured(prediction, reference) for prediction, reference in pairs],
        "groups": [scored(group) for group in groups],
        "rounded": [[value, round(value, 4)] for value in [0.03125, 3.15625, 0.09375, 72.22222, 55.81355, 1 / 3, 99.99995, 100.0]],
    }
    print(json.dumps(golden, separators=(",", ":")))


main()

#!/usr/bin/env python3
"""cron_moments.py [EXPRESSIONS]: moments of random cron expressions by croniter, for CronCroniterTests: one expression a
line, with a tab before each of its moments in seconds since 1970. The first moment is where the search began.

The grammar is that which croniter and the engine share; what they write differently is translated: croniter counts the
days of the week from 0, and takes the second first and both day fields together only where it is told so.
"""
import calendar, random, sys

from croniter import croniter

BEGIN = calendar.timegm((2026, 1, 1, 0, 0, 0))
END = calendar.timegm((2036, 1, 1, 0, 0, 0))
RANGES = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (1, 7))
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
DAYS = "sun mon tue wed thu fri sat".split()
MOST = 300                                                 # moments of one expression


def span(first, last, step=""):
    """A range for croniter, which takes one from a value to itself for all values."""
    return f"{first}" if first == last else f"{first}-{last}{step}"


def item(field, dice):
    """An item of a field, for the engine and for croniter."""
    low, high = RANGES[field]
    shift = 1 if field == 5 else 0
    a = dice.randint(low, high)
    b = dice.randint(a, high)
    step = dice.randint(1, min(high, 12))
    names = {4: MONTHS, 5: DAYS}.get(field)
    # With a step over all days croniter skips a first of March here and there; CronExpressionTests has those.
    form = dice.randrange(1 if field == 3 else 0, 7)
    if form == 0:
        return (f"*/{step}",) * 2
    if form == 1:
        return f"{a}-{b}", span(a - shift, b - shift)
    if form == 2:
        return f"{a}-{b}/{step}", span(a - shift, b - shift, f"/{step}")
    if form == 3:                                          # from a number on: croniter wants the end of the range
        return f"{a}/{step}", span(a - shift, high - shift, f"/{step}")
    if names:
        if form == 4:
            return names[a - 1].upper(), names[a - 1]
        return f"{names[a - 1]}-{names[b - 1]}", span(names[a - 1], names[b - 1])
    return (f"{a}",) * 2 if not shift else (f"{a}", f"{a - 1}")


def expression(dice):
    ours, theirs = [], []
    for field in range(6):
        if dice.random() < (0.2, 0.2, 0.3, 0.5, 0.5, 0.5)[field]:
            ours.append("*")
            theirs.append("*")
            continue
        items = [item(field, dice) for _ in range(dice.choice((1, 1, 1, 2)))]
        ours.append(",".join(i[0] for i in items))
        theirs.append(",".join(i[1] for i in items))
    return " ".join(ours), " ".join(theirs)


def main():
    dice = random.Random(1)
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 2000):
        ours, theirs = expression(dice)
        start = dice.choice((BEGIN - 1, dice.randrange(BEGIN, END)))
        moments = [start]
        search = croniter(theirs, start, second_at_beginning=True, day_or=False, max_years_between_matches=12)
        try:
            while len(moments) <= MOST and (moment := int(search.get_next(float))) < END:
                moments.append(moment)
        except Exception as e:                             # no match within the years that croniter looks at
            if type(e).__name__ != "CroniterBadDateError":
                raise
        print(ours, *moments, sep="\t")


main()

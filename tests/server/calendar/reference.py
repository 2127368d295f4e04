"""Calendar rules a second time, by nothing but datetime and zoneinfo. Reads lines of JSON {"rule", "zone", "after",
"until"} (seconds since the epoch) and answers each with the seconds of its occurrences in (after, until]."""
import json
import sys
from calendar import monthrange
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

NAMES = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def nth_weekday(year, month, weekday, nth):
    days = [d for d in range(1, monthrange(year, month)[1] + 1) if date(year, month, d).weekday() == weekday]
    if nth == "last":
        return date(year, month, days[-1])
    return date(year, month, days[nth - 1]) if nth <= len(days) else None


def days_of(rule, year, month):
    last = monthrange(year, month)[1]
    every = [date(year, month, d) for d in range(1, last + 1)]
    repeat = rule["repeat"]
    if repeat == "once":
        return [d for d in every if d.isoformat() == rule["date"]]
    if repeat == "daily":
        return every
    if repeat == "weekly":
        return [d for d in every if NAMES[d.weekday()] in rule["weekdays"]]
    if repeat == "monthly":
        wanted = last if rule["day"] == "last" else rule["day"]
        return [d for d in every if d.day == wanted]
    if repeat == "nth_weekday":
        found = nth_weekday(year, month, NAMES.index(rule["weekday"]), rule["nth"])
        return [found] if found else []
    return [nth_weekday(year, month, 1, 2) + timedelta(days=rule["after_days"])]


def instant(day, time, zone):
    hour, minute = map(int, time.split(":"))
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)  # fold=0: the first of two
    at = int(local.timestamp())
    if datetime.fromtimestamp(at, zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return at
    # It does not exist: the second at which the offset changes, by bisection.
    low, high = at - 2 * 86400, at + 2 * 86400
    offset = lambda second: datetime.fromtimestamp(second, timezone.utc).astimezone(zone).utcoffset()
    before = offset(low)
    while low + 1 < high:
        middle = (low + high) // 2
        if offset(middle) == before:
            low = middle
        else:
            high = middle
    return high


for line in sys.stdin:
    case = json.loads(line)
    zone = ZoneInfo(case["zone"])
    first = datetime.fromtimestamp(case["after"], timezone.utc).date() - timedelta(days=70)
    end = datetime.fromtimestamp(case["until"], timezone.utc).date() + timedelta(days=2)
    found, year, month = [], first.year, first.month
    while (year, month) <= (end.year, end.month):
        for day in days_of(case["rule"], year, month):
            at = instant(day, case["rule"]["time"], zone)
            if case["after"] < at <= case["until"]:
                found.append(at)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    print(" ".join(map(str, sorted(found))))

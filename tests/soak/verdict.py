"""Whether a soak was one: something was done, something went wrong on purpose, and most of it went well."""

from collections.abc import Mapping

# A kill cuts what is under way in one worker, 33 requests on average on two busy CPUs, and a full disk cuts
# nobody: 15 a misdeed. More are under way where the machine is slower.
_MOST_A_MISDEED = 60
# Seen were 0.73: the disk is full for a sixth of the time. A busy machine does less.
_CREATED = 0.5
_FEWEST_LOOKS = 3


def shortcomings(looks: int, deeds: Mapping[str, int], answers: Mapping[str, int], planned: int) -> list[str]:
    """Why nothing is shown by a soak in which nothing was wrong.

    `looks`: how often its vitals were taken. `answers`: how often each kind of request got each status, named
    as in "create 201". `planned`: how many creations should have succeeded.
    """
    found = []
    if looks < _FEWEST_LOOKS:
        found.append(f"its vitals were taken {looks} times, which shows no growth")
    found += [f"never: {deed}" for deed in ("workers killed", "disk filled") if not deeds.get(deed)]
    if not answers.get("create 507"):
        found.append("no creation met a full disk")
    created = answers.get("create 201", 0)
    if not planned or created < planned * _CREATED:
        found.append(f"{created:,} were created of {planned:,}")
    failed = sum(count for name, count in answers.items() if name.endswith((" cut", " 503")))
    if failed > _MOST_A_MISDEED * sum(deeds.values()):
        found.append(f"{failed:,} answers were cut short or 503, more than the misdeeds explain")
    return found

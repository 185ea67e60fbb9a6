"""What can go wrong in a month, how often, and what happens besides."""

from __future__ import annotations

from .network import ANSWERS

FAULTS_OF_A_TICK = {
    "killed": 5,  # at any step of a transaction, with SIGKILL
    "killed with the body on its way": 3,
    "killed after it was taken": 3,
    "slept longer than a lease after it was taken": 2,
    "slept longer than a lease after a commit": 4,
    "connection lost before the commit": 2,
    "connection cut at the commit": 4,
    "disk full": 1,
    "database away for minutes": 1,
    "another scheduler at the same moment": 4,
    "a reader leaves in the middle": 2,
    "somebody pauses in the middle": 2,
    "told to stop in the middle": 1,
    "backed up in the middle": 4,
    "timeline cannot be read": 4,  # met only where a doubt is looked into within the tick
    "timeline is cut": 4,
    "site does not answer": 1,
    "none": 30,
}
STAGES = {
    "connection lost before the commit": {"after BEGIN", "before COMMIT"},
    "connection cut at the commit": {"after COMMIT"},
    "disk full": {"after BEGIN", "before COMMIT"},
    "another scheduler at the same moment": {"before BEGIN", "after COMMIT"},
    "slept longer than a lease after a commit": {"after COMMIT"},
    "backed up in the middle": {"before BEGIN", "after COMMIT"},
}
OTHERS_ACT = frozenset(  # between two steps of ours another process does something
    {
        "another scheduler at the same moment",
        "slept longer than a lease after a commit",
        "backed up in the middle",
    }
)
EVENTS = {
    "tick": 60,
    "publish": 9,
    "flood": 1,
    "revise": 2,
    "push": 4,
    "leave": 0.4,
    "pause": 2,
    "resume": 5,
    "settle": 4,
    "backup": 2,
    "restore": 1.2,
    "lose the memory": 0.05,
    "outage of two days": 0.5,
    "clock set back": 0.6,
    "clock set forward": 0.6,
}
FAULTS = (
    frozenset(FAULTS_OF_A_TICK) - {"none"}
    | frozenset(ANSWERS) - {"accepted"}
    | frozenset(
        {
            "flood",
            "restore",
            "lose the memory",
            "outage of two days",
            "clock set back",
            "clock set forward",
            "summer time",
        }
    )
)

NEWS = frozenset({"digest", "flash", "push", "leave", "revise"})  # what the newsroom does, beside all that

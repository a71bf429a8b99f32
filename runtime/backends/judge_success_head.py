"""The embedded judge: what the world model's own success head says in the end."""

from runtime.world.judge import Judge, Said, Seen


class SuccessHead(Judge):
    """Role `judge` without pictures."""

    def judge(self, seen: Seen) -> Said:
        """See `Judge.judge`."""
        return Said(seen.done[:, -1])

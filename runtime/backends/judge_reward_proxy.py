"""The embedded judge by reward: how far a rollout got by the dense terms of the task's reward, as the world model says."""

from runtime.world.judge import Judge, Said, Seen, progress


class RewardProxy(Judge):
    """Role `judge` without pictures, blind to success itself."""

    def judge(self, seen: Seen) -> Said:
        """See `Judge.judge`."""
        return Said(progress(seen))

"""The world model: what the next pictures, states and successes will be, learned from recorded attempts in twins."""

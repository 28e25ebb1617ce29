"""Stage 1: market.ticks.raw to market.ticks. Refuses wrong ticks, drops repeated ones, scores and numbers the rest, reports holes."""

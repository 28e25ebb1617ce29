"""The batch job for what came too late for the stream: bars of a range from the stored ticks, and the indicators that follow, by the stages' own code."""

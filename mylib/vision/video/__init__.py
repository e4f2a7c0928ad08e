"""Videos: optical flow, and networks over time in two streams, in three dimensions, and with recurrence."""

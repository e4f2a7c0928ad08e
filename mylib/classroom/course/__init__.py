"""The course on disk, its limits, and nbgrader's configuration of both."""

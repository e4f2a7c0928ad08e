"""Part of the course: trust, one folder for each topic."""

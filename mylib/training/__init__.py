"""Part of the course: training, one folder for each topic."""

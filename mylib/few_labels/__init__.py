"""Part of the course: few_labels, one folder for each topic."""

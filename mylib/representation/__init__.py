"""Part of the course: representation, one folder for each topic."""

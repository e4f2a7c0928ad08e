"""A submission's way from the inbox to the gradebook."""

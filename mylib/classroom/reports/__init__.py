"""What is told after grading: to students, to instructors, to learning management systems."""

"""What a notebook of an exercise says: questions, texts, names, verdicts. Imports no other room of the classroom."""

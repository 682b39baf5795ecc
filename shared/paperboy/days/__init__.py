"""Days: the records of a day, the run that a listing makes, and the digest that the records make."""

"""What CI does that is no task of its own: choose jobs, judge them, and run them on a laptop."""

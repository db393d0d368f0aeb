"""What a release needs beyond building: wheels of every Python, a second look, the right tag."""

"""Build the sdist and the wheel from that sdist; install the wheel; clean up."""

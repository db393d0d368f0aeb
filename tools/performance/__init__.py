"""Head against base: ratios with their noise, and a picture of them."""

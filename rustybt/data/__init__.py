"""Market data: bars, and their aggregation."""

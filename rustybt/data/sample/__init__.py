"""The bundle `sample` as files: nine US stocks, their splits and dividends; by tools/sample.py."""

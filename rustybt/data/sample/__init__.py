"""The bundle `sample` as files: nine US stocks, their splits and dividends (see tools/sample.py)."""

"""The bundle `sample` as files: nine US stocks, their splits and dividends.

The data is that of the example bundle in zipline-reloaded's source distribution (Apache-2.0);
tools/sample.py writes the files.
"""

"""Names of the columns that loaders of events read."""

EVENT_DATE_FIELD_NAME = "event_date"
SID_FIELD_NAME = "sid"
TS_FIELD_NAME = "timestamp"

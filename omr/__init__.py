"""What stands on a scanned page. Knows forms; no database, no web."""

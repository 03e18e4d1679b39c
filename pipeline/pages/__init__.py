"""What people look at: functions from documents to one HTML file each.

Nothing is read but the package's own templates; no clock, no settings. The same documents give the
same bytes.
"""

"""Chapter 9: flow control, FLW-1 to FLW-8. FLW-9 to FLW-14 are cancel, chapter 10: `checks/cancel.py`."""

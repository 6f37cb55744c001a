"""The areas of the app: a module each, with its views and its part of the table of routes.

What comes in: an `Ask`. What goes out: a `Page` of plain data, a `Go` or a `Download`. An area never opens a store, never
renders, and never decides who may do what.
"""

__all__ = ["cases", "helping", "house", "leads", "people", "record", "register"]

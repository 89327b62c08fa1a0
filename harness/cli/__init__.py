"""The command line: one file a verb, arguments in and text out."""

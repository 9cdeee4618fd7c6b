"""The command line: parse, call, print; the one place where errors become exit codes."""

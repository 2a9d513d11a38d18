"""The program ``sanxian``: one file a group of commands."""

"""The page for people: translates forms into a workspace's commands; never imported by `serve`."""

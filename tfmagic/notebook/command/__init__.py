"""The `tfmagic` command, the kernel that it installs, and the pages that it writes."""

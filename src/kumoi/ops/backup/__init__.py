"""The cloud itself as one file: what there is to keep of a state folder, and how it is written and read."""

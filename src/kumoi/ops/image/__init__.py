"""The tiny guest: an image of 19 MB, made from Debian packages on the user's own machine.

`build.py` decides whether to build and puts the result in place; `files/build.sh` does it, out of
`files/initrd` and `files/root`. Nothing here is mounted, and nothing needs to be root.
"""

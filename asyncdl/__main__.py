"""``python -m asyncdl``."""

from asyncdl.cli import main

main()

"""`python -m kumoi`: the same program as the `kumoi` command."""

from kumoi.cmd.main import main

if __name__ == "__main__":
    main()

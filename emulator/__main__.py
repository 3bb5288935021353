"""``python -m emulator``: the same as the command ``testlify-emulator``."""

from emulator.cli.main import main

if __name__ == "__main__":
    main()

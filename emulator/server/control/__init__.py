"""Our API under /_emulator; never a call of Testlify's."""

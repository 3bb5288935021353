"""The emulator over HTTP; translates and calls, and contains no rule of Testlify."""

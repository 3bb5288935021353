"""The emulator over HTTP; translates and calls, and never holds a rule of Testlify."""

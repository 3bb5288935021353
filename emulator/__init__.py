"""An emulator of Testlify's webhooks, and a harness for the code that receives them."""

__version__ = "0.1.0"

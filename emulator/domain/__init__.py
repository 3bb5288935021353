"""What Testlify is: events, lifecycles, subjects, payloads. Pure, and never I/O, clock or loop."""

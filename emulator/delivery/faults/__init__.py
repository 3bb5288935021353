"""The ways to misbehave on purpose: what each one is, when it applies; never when it is sent."""

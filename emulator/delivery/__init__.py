"""From message to attempt: plan, dispatch, transports; never tenants."""

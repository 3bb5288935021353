"""From message to attempt: plan, dispatch, transports; never who the tenant is."""

"""httpx2 without TLS and the environment's settings; certificates take it 50 ms to load."""

from __future__ import annotations

from functools import partial

import httpx2

Client = partial(httpx2.Client, trust_env=False, verify=False)
AsyncClient = partial(httpx2.AsyncClient, trust_env=False, verify=False)
get = partial(httpx2.get, trust_env=False, verify=False)
post = partial(httpx2.post, trust_env=False, verify=False)
put = partial(httpx2.put, trust_env=False, verify=False)
stream = partial(httpx2.stream, trust_env=False, verify=False)

"""A search spread over machines: training goes anywhere, measurements go where the board is.

Dask's distributed is the extra `farm`; nothing else imports it.
"""

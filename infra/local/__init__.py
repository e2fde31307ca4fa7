"""The emulated cloud: the whole of OneWindow in one process on one machine.

``python -m infra.local`` starts it. It deploys the very template that AWS gets, onto moto, and adds what moto
does not have: functions that run (``functions``), event sources that deliver (``sources``), the gateway
(``gateway``), an OIDC issuer (``issuer``) and a clock that can be moved (``clock``). None of this ships.
"""

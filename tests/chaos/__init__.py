"""Chaos: real events flow to many tenants while parts are killed, AWS misbehaves and sources end and begin anew.

At the end nothing is lost, nothing has reached a wrong tenant, and every duplicate has a reason that was recorded.
"""

"""Providers that tell of bounces and complaints over HTTP. Each proves who it is, or nothing is heard."""

"""TLS of the gateway's own port: version 1.3 alone."""

import ssl

from runtime.errors import UserError
from runtime.settings import GatewaySettings


def tls_context(settings: GatewaySettings) -> ssl.SSLContext | None:
    """None: the port speaks plainly, for this machine or a proxy. Raises UserError if the files cannot be used."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, password=lambda: "")
    except (ssl.SSLError, OSError, ValueError) as error:
        raise UserError(
            f"gateway.tls_certificate and gateway.tls_key cannot be used ({type(error).__name__}): give PEM files that belong together, "
            "the key without a password"
        ) from None
    return context

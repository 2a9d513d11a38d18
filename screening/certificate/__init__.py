"""The same answer again: what a verdict rests on as canonical bytes with a digest, and the re-run that compares."""

from screening.certificate.certificate import Certificate, certificate_of, settled, write_certificate
from screening.certificate.comparison import Comparison, Difference
from screening.certificate.envelope import Envelope, read_envelope
from screening.certificate.merkle import features_document, write_features
from screening.certificate.verifying import verify

__all__ = [
    "Certificate",
    "Comparison",
    "Difference",
    "Envelope",
    "certificate_of",
    "features_document",
    "read_envelope",
    "settled",
    "verify",
    "write_certificate",
    "write_features",
]

"""Verification codes: limits, abuse detection, forms."""

"""Verification codes: issued within limits that bots cannot pass, checked at most once, watched for abuse."""

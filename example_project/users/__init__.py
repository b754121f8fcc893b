"""People and their accounts: whoever has a mobile number and a password can log in."""

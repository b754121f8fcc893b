"""What must never be told; in a file of its own, because Django's error pages quote the lines around each frame."""

KEY = "1q784322ba1d9bb88d50cf5cdfd89k7d"
MOBILE = "13800004085"
CONTENT = "您的验证码是：836291。请不要把验证码泄露给其他人。"
SECRETS = (KEY, MOBILE, CONTENT, "836291", "%E6%82%A8")

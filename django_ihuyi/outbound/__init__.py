"""From a call to an smsid: normalise, preflight, record, publish; then claim, submit, settle."""

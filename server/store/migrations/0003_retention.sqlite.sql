-- What retention looks for: by age.
CREATE INDEX approvals_by_age ON approvals (at);
CREATE INDEX enrolment_tokens_by_expiry ON enrolment_tokens (expires_at);

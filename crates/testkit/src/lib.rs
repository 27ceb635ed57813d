//! Real nats-server and SMTP servers for tests, conditions to wait for, goldens.

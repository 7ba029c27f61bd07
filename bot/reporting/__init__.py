"""The Reporting API: values, errors, signing, the client, the use cases, and an embedded server of it."""

"""What `deploy/dev` is made of: standard library only, one module an idea."""

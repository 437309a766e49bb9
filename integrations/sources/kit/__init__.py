"""The kit: texts with which a tenant's AWS admin accepts a source and uses it. Pure: values in, text out."""

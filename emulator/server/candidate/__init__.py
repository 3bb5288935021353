"""The pages and reports to which links in payloads lead."""

"""This checkout: its folder, the template with its parameters, and SAM CLI, which builds and deploys it."""

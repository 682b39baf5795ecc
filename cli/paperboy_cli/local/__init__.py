"""The stack on this machine: its folder, its processes, the emulator, and the deployment to it."""

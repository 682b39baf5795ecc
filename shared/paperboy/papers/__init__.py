"""Papers: what listings say of them, and how the policy ranks them."""

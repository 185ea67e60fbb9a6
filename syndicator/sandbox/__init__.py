"""Networks on loopback: stand-ins that speak the real protocols, and a sample newsroom.

They refuse what the real networks refuse, by parsers of their own, in the real networks' own words. Nothing in
here imports the product's text rooms or channels: a stand-in that shared our mistakes would prove nothing.
"""

"""Where bounces arrive."""

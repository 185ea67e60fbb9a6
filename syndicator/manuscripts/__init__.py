"""Stories as others write them down. Each form is read into an :class:`~syndicator.model.Item`, whoever brings it."""

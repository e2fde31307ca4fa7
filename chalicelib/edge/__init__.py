"""The only room that bends Chalice and Powertools."""

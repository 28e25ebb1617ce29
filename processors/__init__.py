"""The stages, one folder each: a pure core without Faust, and a thin agent around it."""
